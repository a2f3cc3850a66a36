import { describe, expect, test } from "vitest";
import { createWorld, FILM, problemCode, statusAndJson, WEB_ROOT } from "../support/world.ts";

const TOKEN = "q7Zr0w_kV2mB4tYx8nUcLg";
const PROTECTED = ["/", "/api/torrents", `/stream/${FILM}/0`, "/api/events", "/metrics", "/openapi.json", "/nothing"];

describe("a server with an access token", () => {
  test.each(PROTECTED)("does not answer %s without it", async (path) => {
    const { send } = await createWorld({ token: TOKEN });
    const response = await send(path);
    expect([response.status, response.headers.get("www-authenticate")]).toEqual([401, "Bearer"]);
    expect(await problemCode(response)).toBe("unauthorized");
  });

  test("answers the same to a known and an unknown torrent, and to unknown addresses", async () => {
    const { send } = await createWorld({ token: TOKEN });
    const paths = [`/api/torrents/${FILM}`, `/api/torrents/${"9".repeat(40)}`, `/stream/${FILM}/0`, "/nothing"];
    const answers = await Promise.all(paths.map(async (path) => (await send(path)).text()));
    expect(new Set(answers).size).toBe(1);
  });

  test("tells anybody whether it lives, and nothing else", async () => {
    const { send } = await createWorld({ token: TOKEN });
    const response = await send("/livez");
    expect([response.status, await response.text()]).toEqual([200, '{"status":"ok"}']);
  });

  test("tells anybody whether requests should come here, and why not who has the token", async () => {
    const { send, engine } = await createWorld({ token: TOKEN });
    const ask = async (headers = {}): Promise<unknown[]> => {
      const { status, body } = await statusAndJson(await send("/readyz", { headers }));
      return [status, body];
    };
    expect(await ask()).toEqual([200, { status: "ready" }]);
    engine.crash();
    expect(await ask()).toEqual([503, { status: "not_ready" }]);
    expect(await ask({ authorization: `Bearer ${TOKEN}` })).toMatchObject([503, { reasons: ["engine: restarting"] }]);
  });

  test.each([
    ["as bearer token", "/api/torrents", { authorization: `Bearer ${TOKEN}` }],
    ["with a lower-case scheme", "/api/torrents", { authorization: `bearer ${TOKEN}` }],
    ["in the address", `/api/torrents?token=${TOKEN}`, {}],
    ["in the cookie of the page", "/api/torrents", { cookie: `a=b; riptide_token=${TOKEN}; c=d` }],
  ])("takes it %s", async (_title, path, headers) => {
    const { send } = await createWorld({ token: TOKEN });
    expect((await send(path, { headers })).status).toBe(200);
  });

  test.each([
    ["another", { authorization: `Bearer ${TOKEN}x` }],
    ["a shorter one", { authorization: `Bearer ${TOKEN.slice(0, -1)}` }],
    ["an empty one", { cookie: "riptide_token=" }],
    ["basic credentials", { authorization: `Basic ${TOKEN}` }],
    ["a cookie that cannot be decoded", { cookie: "riptide_token=%E0%A4%A" }],
    ["a cookie of another name", { cookie: `xriptide_token=${TOKEN}` }],
  ])("refuses %s", async (_title, headers) => {
    const { send } = await createWorld({ token: TOKEN });
    expect((await send("/api/torrents", { headers })).status).toBe(401);
  });

  test.each(["/", `/watch/${FILM}/0`])(
    "gives the page that was opened with it at %s a cookie that works and that no script or site can use",
    async (path) => {
      const { send } = await createWorld({ token: TOKEN, webRoot: WEB_ROOT });
      const page = await send(`${path}?token=${TOKEN}`);
      const cookie = page.headers.get("set-cookie");
      expect(cookie).toBe(`riptide_token=${TOKEN}; Path=/; HttpOnly; SameSite=Lax`);
      expect((await send("/api/torrents", { headers: { cookie: cookie?.split(";")[0] ?? "" } })).status).toBe(200);
    },
  );

  test.each([
    ["other addresses", `/api/torrents?token=${TOKEN}`],
    ["a wrong token", "/?token=wrong"],
  ])("sets no cookie for %s", async (_title, path) => {
    const { send } = await createWorld({ token: TOKEN });
    expect((await send(path)).headers.get("set-cookie")).toBeNull();
  });

  test("still checks where a change comes from", async () => {
    const { send } = await createWorld({ token: TOKEN });
    const headers = { cookie: `riptide_token=${TOKEN}`, origin: "https://evil.example" };
    expect((await send(`/api/torrents/${FILM}`, { method: "DELETE", headers })).status).toBe(403);
  });

  test("never logs it", async () => {
    const { send, streams, failures } = await createWorld({ token: TOKEN });
    streams.failure = new Error("unforeseen");
    expect((await send(`/stream/${FILM}/0?token=${TOKEN}`)).status).toBe(500);
    expect(failures).toEqual([{ message: "GET /stream/:infoHash/:index failed", error: streams.failure }]);
  });
});
