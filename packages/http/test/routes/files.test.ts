import { MediaError } from "@riptide/core";
import { describe, expect, test } from "vitest";
import { ATTACHMENTS, CHAPTERS, MEDIA_INFO } from "../support/fake-streams.ts";
import { createWorld, FILM, FILM_BYTES, LATE, MAGNET_ONLY, problemCode, statusAndJson } from "../support/world.ts";

describe("the media info of a file", () => {
  test("is what the factory found, without what is unknown", async () => {
    const { send } = await createWorld();
    const { status, body } = await statusAndJson(await send(`/api/torrents/${FILM.toUpperCase()}/files/0`));
    expect(status).toBe(200);
    const questions = {
      mse: ['video/mp4; codecs="avc1.640028"', 'audio/mp4; codecs="mp4a.40.2"'],
      file: [
        'video/x-matroska; codecs="avc1.640028"',
        'video/mp4; codecs="avc1.640028"',
        'audio/mp4; codecs="mp4a.40.2"',
      ],
    };
    const attachments = ATTACHMENTS.map(({ lengthBytes: length, index, name, mediaType }) => ({
      index,
      name,
      mediaType,
      length,
    }));
    expect(body).toEqual({ ...MEDIA_INFO, attachments, chapters: CHAPTERS, sidecars: [], questions });
  });

  test("leaves out chapters and attachments that cannot be told yet", async () => {
    const { send, streams } = await createWorld();
    streams.isListKnown = false;
    const { body } = await statusAndJson(await send(`/api/torrents/${FILM}/files/0`));
    expect(body).toHaveProperty("tracks");
    expect(body).not.toHaveProperty("chapters");
    expect(body).not.toHaveProperty("attachments");
  });

  test("says why there is none", async () => {
    const { send, streams } = await createWorld();
    streams.failure = new MediaError("not_media", "This file is no film.");
    const response = await send(`/api/torrents/${FILM}/files/1`);
    expect([response.status, await problemCode(response)]).toEqual([415, "not_media"]);
  });
});

describe("the chapters of a file", () => {
  test("are listed", async () => {
    const { send } = await createWorld();
    const { status, body } = await statusAndJson(await send(`/api/torrents/${FILM}/files/0/chapters`));
    expect({ status, body }).toEqual({ status: 200, body: { chapters: CHAPTERS } });
  });

  test("say why there are none", async () => {
    const { send, streams } = await createWorld();
    streams.failure = new MediaError("not_media", "This file is no film.");
    const response = await send(`/api/torrents/${FILM}/files/1/chapters`);
    expect([response.status, await problemCode(response)]).toEqual([415, "not_media"]);
  });
});

describe("the map of a file", () => {
  const infoHash = "d".repeat(40);

  test("shows what is there, wanted and being read", async () => {
    const { send, engine, add } = await createWorld({
      seeds: [{ infoHash, name: "Slow", files: [{ path: "a.mkv", bytes: FILM_BYTES }], arrivals: { kind: "manual" } }],
    });
    await add(infoHash);
    const provider = engine.provider(infoHash, 0);
    provider.deliver(1);
    const reading = new AbortController();
    const read = provider.readAt(0, 1000, { signal: reading.signal }).catch(() => "aborted");
    using _wanted = provider.want({ range: { start: 550_000, end: 600_000 }, urgency: "soon" });
    expect(await statusAndJson(await send(`/api/torrents/${infoHash}/files/0/map`))).toEqual({
      status: 200,
      body: {
        available: [{ start: 262_144, end: 524_288 }],
        wanted: [
          { start: 0, end: 1000 },
          { start: 550_000, end: 600_000 },
        ],
        reading: [{ start: 0, end: 1000 }],
      },
    });
    reading.abort();
    expect(await read).toBe("aborted");
  });

  test("is told in seconds, too, if that can be told", async () => {
    const { send, streams } = await createWorld();
    const path = `/api/torrents/${FILM}/files/0/map`;
    const map = { available: [{ start: 0, end: 600_000 }], wanted: [], reading: [] };
    const seconds = { available: [{ startSeconds: 0, endSeconds: 600 }], wanted: [], reading: [] };
    expect(await (await send(`${path}?unit=seconds`)).json()).toEqual({ ...map, seconds });
    expect(await (await send(`${path}?unit=bytes`)).json()).toEqual(map);
    streams.isListKnown = false;
    expect(await (await send(`${path}?unit=seconds`)).json()).toEqual(map);
    expect(await problemCode(await send(`${path}?unit=frames`))).toBe("bad_request");
  });
});

test.each([
  [`/api/torrents/${FILM}/files/9`, 404, "file_not_found"],
  [`/api/torrents/${FILM}/files/9/map`, 404, "file_not_found"],
  [`/api/torrents/${LATE}/files/0`, 404, "torrent_not_found"],
  [`/api/torrents/${LATE}/files/0/map`, 404, "torrent_not_found"],
  [`/api/torrents/${FILM}/files/x`, 400, "bad_request"],
  ["/api/torrents/x/files/0/map", 400, "bad_request"],
  [`/api/torrents/${FILM}/files`, 404, "not_found"],
])("%s is refused", async (path, status, code) => {
  const { send } = await createWorld();
  const response = await send(path);
  expect([response.status, await problemCode(response)]).toEqual([status, code]);
});

test("the map of a magnet without metadata has no such file yet", async () => {
  const { send, add } = await createWorld();
  await add(MAGNET_ONLY);
  expect(await problemCode(await send(`/api/torrents/${MAGNET_ONLY}/files/0/map`))).toBe("file_not_found");
});
