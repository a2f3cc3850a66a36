import { describe, expect, test } from "vitest";
import { hostPolicy } from "../../src/security/host-policy.ts";
import { createWorld, FILM, HOST, LATE, MAGNET_ONLY, problemCode } from "../support/world.ts";

const SERIES = "e".repeat(40);
const BYTES = new Uint8Array(10);
const SEEDS = [
  {
    infoHash: SERIES,
    name: "Die Serie: Größe",
    files: [
      "S/Folge 10.mkv",
      "S/Folge 9.mkv",
      "S/readme.txt",
      "S/Folge 9.srt",
      "S/a\r\n#EXTM3U\nhttp://evil.example/\u202e.mp4",
      "S/Lied.mp3",
    ].map((path) => ({ path, bytes: BYTES })),
  },
];

async function series(options: Parameters<typeof createWorld>[0] = {}) {
  const world = await createWorld({ seeds: SEEDS, ...options });
  await world.add(SERIES);
  return world;
}

describe("a playlist for other players", () => {
  test("names the original bytes of one file by an absolute address", async () => {
    const { send } = await series();
    const response = await send(`/stream/${SERIES.toUpperCase()}/0/play.m3u8`);
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toBe("audio/x-mpegurl");
    expect(response.headers.get("content-disposition")).toBe(
      `attachment; filename="Folge 10.mkv.m3u8"; filename*=UTF-8''Folge%2010.mkv.m3u8`,
    );
    expect(await response.text()).toBe(`#EXTM3U\n#EXTINF:-1,Folge 10.mkv\nhttp://${HOST}/stream/${SERIES}/0/direct\n`);
    expect((await send(`/stream/${SERIES}/0/direct`)).status).toBe(200);
  });

  test("lists all media of a torrent by name, each in a line of its own whatever it is called", async () => {
    const { send } = await series();
    const response = await send(`/stream/${SERIES}/play.m3u8`);
    expect(response.headers.get("content-disposition")).toContain("UTF-8''Die%20Serie%3A%20Gr%C3%B6%C3%9Fe.m3u8");
    const direct = (index: number) => `http://${HOST}/stream/${SERIES}/${index}/direct`;
    expect((await response.text()).split("\n")).toEqual([
      "#EXTM3U",
      "#EXTINF:-1,.mp4",
      direct(4),
      "#EXTINF:-1,Folge 9.mkv",
      direct(1),
      "#EXTINF:-1,Folge 10.mkv",
      direct(0),
      "#EXTINF:-1,Lied.mp3",
      direct(5),
      "",
    ]);
  });

  test("needs the access token, and opens its films by addresses that do not tell it", async () => {
    const token = "t&k n".padEnd(32, "x");
    const { send } = await series({ token });
    const path = `/stream/${SERIES}/0/play.m3u8`;
    expect(await problemCode(await send(path))).toBe("unauthorized");
    const cookie = `riptide_token=${encodeURIComponent(token)}`;
    const playlist = await (await send(path, { headers: { cookie } })).text();
    const url = new URL(playlist.split("\n")[2]!);
    expect(url.search).toMatch(/^\?expires=\d+&signature=[\w-]+$/);
    expect((await send(`${url.pathname}${url.search}`)).status).toBe(200);
  });

  test("says https where a proxy does, and the name by which it was asked for", async () => {
    const allowedHosts = hostPolicy({ boundTo: "127.0.0.1", names: ["films.example"] });
    const { send } = await series({ allowedHosts });
    const headers = { host: "films.example", "x-forwarded-proto": "https, http" };
    expect(await (await send(`/stream/${SERIES}/0/play.m3u8`, { headers })).text()).toContain(
      `\nhttps://films.example/stream/${SERIES}/0/direct\n`,
    );
    const foreign = await send(`/stream/${SERIES}/0/play.m3u8`, { headers: { host: "evil.example" } });
    expect(await problemCode(foreign)).toBe("misdirected");
  });

  test.each([
    [`/stream/${MAGNET_ONLY}/play.m3u8`, "torrent_not_found"],
    [`/stream/${MAGNET_ONLY}/0/play.m3u8`, "torrent_not_found"],
    [`/stream/${FILM}/9/play.m3u8`, "file_not_found"],
    [`/stream/${LATE}/play.m3u8`, "metadata_pending"],
    [`/stream/${LATE}/0/play.m3u8`, "metadata_pending"],
    ["/stream/x/play.m3u8", "bad_request"],
  ])("%s is refused", async (path, code) => {
    const { send, add } = await createWorld();
    await add(LATE);
    expect(await problemCode(await send(path))).toBe(code);
  });

  test("is not made of a torrent without media", async () => {
    const { send, add } = await createWorld({
      seeds: [{ infoHash: SERIES, name: "Books", files: [{ path: "a.pdf", bytes: BYTES }] }],
    });
    await add(SERIES);
    expect(await problemCode(await send(`/stream/${SERIES}/play.m3u8`))).toBe("not_found");
  });
});
