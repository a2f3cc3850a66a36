import { describe, expect, test } from "vitest";
import { createWorld, FILM, HOST, LATE, problemCode } from "../support/world.ts";

const JSON_BODY = { "content-type": "application/json" };
const ADD = { method: "POST", body: JSON.stringify({ source: LATE }) };

describe("a change", () => {
  test.each([
    ["of our own page", { origin: `http://${HOST}`, "sec-fetch-site": "same-origin" }],
    ["of our page behind a proxy that ends TLS", { origin: `https://${HOST}`, "sec-fetch-site": "same-origin" }],
    ["typed by the user", { "sec-fetch-site": "none" }],
    ["of a client that is no browser", {}],
  ])("%s is made", async (_title, headers) => {
    const { send, engine } = await createWorld();
    expect((await send("/api/torrents", { ...ADD, headers: { ...JSON_BODY, ...headers } })).status).toBe(201);
    expect((await send(`/api/torrents/${FILM}`, { method: "DELETE", headers })).status).toBe(204);
    expect(engine.list().map(({ infoHash }) => infoHash)).toEqual([LATE]);
  });

  test.each([
    ["of another site", { origin: "https://evil.example", "sec-fetch-site": "cross-site" }],
    ["of another site, in an old browser", { origin: "https://evil.example" }],
    ["of another origin of the same site", { origin: "http://127.0.0.1:3000", "sec-fetch-site": "same-site" }],
    ["of another port of this host", { origin: "http://127.0.0.1:3000" }],
    ["of a sandboxed frame", { origin: "null" }],
    ["of a name that only looks like ours", { origin: `http://${HOST}.evil.example` }],
    ["whose fetch metadata are unknown", { "sec-fetch-site": "whatever" }],
    ["of another site with a forged Origin", { origin: `http://${HOST}`, "sec-fetch-site": "cross-site" }],
    ["whose Origin is none", { origin: "nonsense" }],
  ])("%s is refused", async (_title, headers) => {
    const { send, engine } = await createWorld();
    const added = await send("/api/torrents", { ...ADD, headers: { ...JSON_BODY, ...headers } });
    const removed = await send(`/api/torrents/${FILM}`, { method: "DELETE", headers });
    expect([added.status, removed.status]).toEqual([403, 403]);
    expect([await problemCode(added), await problemCode(removed)]).toEqual(["forbidden", "forbidden"]);
    expect(engine.list().map(({ infoHash }) => infoHash)).toEqual([FILM]);
  });

  test.each([
    ["text/plain", "text/plain"],
    ["a form", "application/x-www-form-urlencoded"],
    ["an upload form", "multipart/form-data; boundary=x"],
    ["no type", ""],
  ])("with a body of %s is refused: a foreign page could send it without asking", async (_title, contentType) => {
    const { send, engine } = await createWorld();
    const response = await send("/api/torrents", { ...ADD, headers: { "content-type": contentType } });
    expect([response.status, await problemCode(response)]).toEqual([415, "unsupported_media_type"]);
    expect(engine.list()).toHaveLength(1);
  });

  test("is never made by GET or HEAD, whatever the address", async () => {
    const { send, engine } = await createWorld();
    const before = engine.list();
    const paths = [
      "/",
      `/api/torrents?source=${LATE}&link=${LATE}`,
      `/api/torrents/${FILM}?data=true&_method=DELETE`,
      `/api/torrents/${FILM}/files/0`,
      `/api/torrents/${FILM}/files/0/map`,
      `/stream?link=${LATE}`,
      `/stream/${FILM}/0?t=1`,
      `/stream/${FILM}/0/direct`,
      `/stream/${FILM}/0/remux.mp4`,
      "/shutdown",
      "/readyz",
      "/openapi.json",
    ];
    for (const method of ["GET", "HEAD"]) {
      for (const path of paths) {
        const response = await send(path, { method, headers: { "x-http-method-override": "DELETE" } });
        await response.body?.cancel();
      }
    }
    expect(engine.list()).toEqual(before);
    expect(engine.removals).toEqual([]);
  });
});

describe("reading from another origin", () => {
  test.each(["https://evil.example", "null", "http://localhost.evil", `http://${HOST}`])(
    "%s gets no permission to see the answer",
    async (origin) => {
      const { send } = await createWorld();
      for (const path of ["/api/torrents", `/stream/${FILM}/0/direct`, "/readyz", "/nothing"]) {
        const response = await send(path, { headers: { origin } });
        expect(corsHeaders(response)).toEqual([]);
        expect(response.headers.get("cross-origin-resource-policy")).toBe("same-origin");
        await response.body?.cancel();
      }
    },
  );

  test.each(["/api/torrents", `/stream/${FILM}/0`, "/"])("a preflight for %s is not granted", async (path) => {
    const { send } = await createWorld();
    const headers = {
      origin: "https://evil.example",
      "access-control-request-method": "POST",
      "access-control-request-headers": "content-type",
      "access-control-request-private-network": "true",
    };
    const response = await send(path, { method: "OPTIONS", headers });
    expect([response.status, corsHeaders(response)]).toEqual([405, []]);
  });
});

function corsHeaders(response: Response): string[] {
  return [...response.headers.keys()].filter((name) => name.startsWith("access-control-"));
}
