import { describe, expect, test } from "vitest";
import type { Link } from "../../src/api-schemas.ts";
import { createWorld, FILM, FROM_OUR_PAGE, problemCode } from "../support/world.ts";

const TOKEN = "q7Zr0w_kV2mB4tYx8nUcLg";
const START_MS = Date.UTC(2026, 0, 1);
const DAY_MS = 24 * 60 * 60 * 1000;

/** A server with a token whose clock the test sets, and a link to the first file of the film. */
async function createLinked(stream?: string) {
  let nowMs = START_MS;
  const world = await createWorld({ token: TOKEN, wallClockMs: () => nowMs });
  const response = await world.send(`/api/torrents/${FILM}/files/0/link`, {
    method: "POST",
    body: JSON.stringify(stream === undefined ? {} : { stream }),
    headers: { ...FROM_OUR_PAGE, "content-type": "application/json", authorization: `Bearer ${TOKEN}` },
  });
  const link = (await response.json()) as Link;
  const statusOf = async (url: string, method = "GET"): Promise<number> => {
    const answer = await world.send(url, { method });
    await answer.body?.cancel();
    return answer.status;
  };
  return { world, link, statusOf, at: (ms: number) => (nowMs = ms) };
}

describe("a link", () => {
  test("opens its stream without the token, for a day and a minute", async () => {
    const { world, link, statusOf, at } = await createLinked();
    expect(link).toEqual({
      url: expect.stringMatching(new RegExp(`^/stream/${FILM}/0/direct\\?expires=\\d{10}&signature=[\\w-]{43}$`)),
      expiresAt: "2026-01-02T00:00:00.000Z",
    });
    expect([await statusOf(link.url), await statusOf(link.url, "HEAD")]).toEqual([200, 200]);
    at(START_MS + DAY_MS + 60_000);
    expect(await statusOf(link.url)).toBe(200);
    at(START_MS + DAY_MS + 61_000);
    const late = await world.send(link.url);
    expect([late.status, await problemCode(late)]).toEqual([403, "link_expired"]);
    // A clock that was put back opens nothing that is forged.
    at(START_MS - 10 * DAY_MS);
    expect(await statusOf(link.url)).toBe(200);
  });

  test.each(["virtual.mp4", "remux.mp4", "hls/master.m3u8"])("may be for %s", async (stream) => {
    const { link, statusOf } = await createLinked(stream);
    expect(link.url).toContain(`/0/${stream}?`);
    expect(await statusOf(link.url)).toBe(200);
  });

  test.each<[string, (url: string) => string]>([
    ["another file", (url) => url.replace("/0/", "/1/")],
    ["another torrent", (url) => url.replace(FILM, FILM.replace("0", "1"))],
    ["a later time", (url) => url.replace(/expires=(\d+)/, (_all, time) => `expires=${Number(time) + 1}`)],
    ["a time without end", (url) => url.replace(/expires=\d+/, "expires=99999999999")],
    ["no time", (url) => url.replace(/expires=\d+&/, "")],
    ["two times", (url) => `${url}&expires=99999999999`],
    ["two signatures", (url) => `${url}&signature=${"A".repeat(43)}`],
    ["no signature", (url) => url.replace(/signature=.*/, "signature=")],
    ["half a signature", (url) => url.slice(0, -20)],
    [
      "a bit of it wrong",
      (url) => url.replace(/signature=(.)/, (_all, first) => `signature=${first === "A" ? "B" : "A"}`),
    ],
    ["a spelling of it that means the same", (url) => `${url}=`],
    ["another alphabet", (url) => url.replace(/signature=.*/, (all) => `${all.replace(/[-_]/g, "+")}%2B`)],
    ["no algorithm", (url) => url.replace(/signature=.*/, "signature=none&alg=none")],
    ["a file of subtitles beside it", (url) => url.replace("/direct", "/subtitles/file-1.vtt")],
    ["a playlist that hands out addresses", (url) => url.replace("/direct", "/play.m3u8")],
    ["what is above", (url) => url.replace("/direct", "/../1/direct")],
    ["the torrent", (url) => url.replace(/^\/stream\/(\w+)\/0\/direct/, "/api/torrents/$1")],
    ["the list", (url) => url.replace(/^[^?]*/, "/api/torrents")],
    ["the page", (url) => url.replace(/^[^?]*/, "/")],
  ])("is none for %s", async (_what, forged) => {
    const { world, link } = await createLinked();
    const response = await world.send(forged(link.url));
    expect([response.status, await problemCode(response)]).toEqual([403, "link_invalid"]);
  });

  test("changes nothing", async () => {
    const { world, link } = await createLinked();
    const query = link.url.slice(link.url.indexOf("?"));
    const removed = await world.send(`/api/torrents/${FILM}${query}`, { method: "DELETE", headers: FROM_OUR_PAGE });
    expect([removed.status, await problemCode(removed)]).toEqual([403, "link_invalid"]);
    const posted = await world.send(link.url, { method: "POST", headers: FROM_OUR_PAGE });
    expect([posted.status, await problemCode(posted)]).toEqual([403, "link_invalid"]);
    expect(world.engine.removals).toEqual([]);
  });

  test("that is old does not keep out who has the token", async () => {
    const { world, link, at } = await createLinked();
    at(START_MS + 2 * DAY_MS);
    const response = await world.send(link.url, { headers: { cookie: `riptide_token=${TOKEN}` } });
    await response.body?.cancel();
    expect(response.status).toBe(200);
  });

  test("is worth nothing where the token is another one", async () => {
    const { link } = await createLinked();
    const other = await createWorld({ token: `${TOKEN}x`, wallClockMs: () => START_MS });
    expect((await other.send(link.url)).status).toBe(403);
  });

  test("without a token is the plain address", async () => {
    const { send } = await createWorld();
    const headers = { ...FROM_OUR_PAGE, "content-type": "application/json" };
    const response = await send(`/api/torrents/${FILM}/files/0/link`, { method: "POST", body: "{}", headers });
    expect(await response.json()).toEqual({ url: `/stream/${FILM}/0/direct` });
  });

  test.each([
    [FILM, "99", "{}", 404],
    ["9".repeat(40), "0", "{}", 404],
    [FILM, "0", '{"stream": "../../api"}', 400],
    [FILM, "0", "[]", 400],
    [FILM, "0", "x", 400],
  ])("is made for what there is only: %s/%s %s", async (infoHash, index, body, status) => {
    const { send } = await createWorld({ token: TOKEN });
    const headers = { ...FROM_OUR_PAGE, "content-type": "application/json", authorization: `Bearer ${TOKEN}` };
    const response = await send(`/api/torrents/${infoHash}/files/${index}/link`, { method: "POST", body, headers });
    expect(response.status).toBe(status);
  });

  test("is made for who has the token only", async () => {
    const { send } = await createWorld({ token: TOKEN });
    const headers = { ...FROM_OUR_PAGE, "content-type": "application/json" };
    expect((await send(`/api/torrents/${FILM}/files/0/link`, { method: "POST", body: "{}", headers })).status).toBe(
      401,
    );
  });
});
