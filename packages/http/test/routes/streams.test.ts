import { MediaError, StreamError, TranscodeError } from "@riptide/core";
import { describe, expect, test } from "vitest";
import { createWorld, FILM, FILM_BYTES, LATE, MAGNET_ONLY, problemCode } from "../support/world.ts";

describe("a stream", () => {
  test.each([
    [`/stream/${FILM}/0`, "default"],
    [`/stream/${FILM}/0?t=90.5&audio=1`, "default"],
    [`/stream/${FILM.toUpperCase()}/0/direct`, "direct"],
    [`/stream/${FILM}/0/remux.mp4?t=0`, "remux"],
    [`/stream/${FILM}/0/hls/master.m3u8?token=x&aac=0,2`, "hls"],
    [`/stream/${FILM}/0/hls/video/seg-12.m4s`, "hls"],
    [`/stream/${FILM}/0/hls/audio/1/init.mp4`, "hls"],
    [`/stream/${FILM}/0/hls/subtitles/0/seg-1.vtt`, "hls"],
    [`/stream/${FILM}/0/virtual.mp4?audio=1`, "virtual"],
  ])("at %s comes from the %s producer", async (path, by) => {
    const { send, streams } = await createWorld();
    const response = await send(path);
    expect(response.status).toBe(200);
    expect(Buffer.compare(new Uint8Array(await response.arrayBuffer()), FILM_BYTES)).toBe(0);
    expect(streams.produced.map((produced) => produced.by)).toEqual([by]);
    expect(streams.produced[0]?.request.url).toContain(path);
    expect(streams.produced[0]?.context.file).toEqual({ infoHash: FILM, index: 0, name: "film.mkv" });
  });

  test("answers HEAD with the headers of GET and no body", async () => {
    const { send, streams } = await createWorld();
    for (const path of [`/stream/${FILM}/0`, `/stream/${FILM}/0/direct`, `/stream/${FILM}/0/remux.mp4`]) {
      const response = await send(path, { method: "HEAD" });
      expect([response.status, response.headers.get("content-length"), response.body]).toEqual([200, "600000", null]);
    }
    expect(streams.produced.map(({ request }) => request.method)).toEqual(["HEAD", "HEAD", "HEAD"]);
  });

  test("passes the header fields of the request on to its producer", async () => {
    const { send, streams } = await createWorld();
    await (
      await send(`/stream/${FILM}/0/direct`, { headers: { range: "bytes=1-2", "if-range": '"x"' } })
    ).body?.cancel();
    const { headers } = streams.produced[0]!.request;
    expect([headers.get("range"), headers.get("if-range")]).toEqual(["bytes=1-2", '"x"']);
  });

  test("tells in Server-Timing how long it waited for the metadata", async () => {
    const { send, add, clock } = await createWorld();
    await add(LATE);
    const response = await clock.runUntil(send(`/stream/${LATE}/0`), 10_000);
    expect(response.status).toBe(200);
    expect(response.headers.get("server-timing")).toMatch(/metadata;dur=4000/);
    await response.body?.cancel();
  });

  test.each([
    [`/stream/${LATE}/0`, 404, "torrent_not_found"],
    [`/stream/${FILM}/3`, 404, "file_not_found"],
    [`/stream/${FILM}/-1`, 400, "bad_request"],
    [`/stream/${FILM}/1.5`, 400, "bad_request"],
    [`/stream/${FILM}/film.mkv`, 400, "bad_request"],
    [`/stream/${FILM}/99999999999999999999`, 400, "bad_request"],
    ["/stream/film/0", 400, "bad_request"],
    [`/stream/${FILM}0/0`, 400, "bad_request"],
    [`/stream/${FILM}/0?t=-1`, 400, "bad_request"],
    [`/stream/${FILM}/0?t=soon`, 400, "bad_request"],
    [`/stream/${FILM}/0/remux.mp4?audio=de`, 400, "bad_request"],
    [`/stream/${FILM}`, 404, "not_found"],
    [`/stream/${FILM}/0/other`, 404, "not_found"],
    [`/stream/${FILM}/0/hls/master.m3u8?aac=de`, 400, "bad_request"],
    [`/stream/${FILM}/0/hls/other.m3u8`, 404, "not_found"],
    [`/stream/${FILM}/0/hls/text/0/seg-0.vtt`, 404, "not_found"],
    [`/stream/${FILM}/0/hls/video/${"x".repeat(41)}`, 400, "bad_request"],
    [`/stream/${FILM}/0/..%2f..%2fetc%2fpasswd`, 404, "not_found"],
  ])("at %s is refused", async (path, status, code) => {
    const { send, streams } = await createWorld();
    const response = await send(path);
    expect([response.status, await problemCode(response)]).toEqual([status, code]);
    expect(streams.produced).toEqual([]);
  });

  test.each([
    [new MediaError("not_media", "This is no media."), 415, null],
    [new MediaError("unsupported_media", "This cannot be played."), 415, null],
    [new MediaError("damaged_media", "This is damaged."), 422, null],
    [new MediaError("not_seekable", "This cannot be sought."), 422, null],
    [new TranscodeError("ffmpeg_missing", "Install ffmpeg."), 503, null],
    [new TranscodeError("ffmpeg_busy", "Too many."), 503, "2"],
    [new TranscodeError("ffmpeg_busy", "Too many.", { retryAfterSeconds: 7.2 }), 503, "8"],
    [new TranscodeError("ffmpeg_failed", "It failed."), 502, null],
    [new TranscodeError("ffmpeg_stalled", "It hangs."), 504, null],
    [new StreamError("no_peers", "Nobody has it."), 504, "30"],
    [new StreamError("no_valid_source", "Everybody lies."), 502, null],
    [new StreamError("storage_failed", "The disk is broken."), 500, null],
    [new StreamError("disk_full", "The disk is full."), 507, null],
    [new StreamError("torrent_removed", "It is gone."), 410, null],
  ])("that fails before its headers with %s becomes a problem document", async (failure, status, retryAfter) => {
    const { send, streams, failures } = await createWorld();
    streams.failure = failure;
    const response = await send(`/stream/${FILM}/0`);
    expect([response.status, response.headers.get("retry-after")]).toEqual([status, retryAfter]);
    expect(await response.clone().json()).toMatchObject({ detail: failure.message });
    expect(await problemCode(response)).toBe(failure.code);
    expect(failures).toEqual([]);
  });

  test("that fails in a way nobody foresaw tells the log, and the client nothing", async () => {
    const { send, streams, failures } = await createWorld();
    streams.failure = new Error("ENOENT: /home/me/secret");
    const response = await send(`/stream/${FILM}/0?t=1`);
    const text = await response.text();
    expect([response.status, JSON.parse(text).code]).toEqual([500, "internal"]);
    expect(text).not.toContain("secret");
    expect(failures).toEqual([{ message: "GET /stream/:infoHash/:index failed", error: streams.failure }]);
  });

  test("of a torrent that failed says why", async () => {
    const { send, engine } = await createWorld();
    engine.failTorrent(FILM, new StreamError("disk_full", "The disk is full. Make room."));
    const response = await send(`/stream/${FILM}/0`);
    expect([response.status, await problemCode(response)]).toEqual([507, "disk_full"]);
  });
});

describe("a magnet without metadata", () => {
  test.each([`/stream/${MAGNET_ONLY}/0`, `/api/torrents/${MAGNET_ONLY}/files/0`])(
    "lets GET %s wait for 30 s, then answers 503 and when to come back",
    async (path) => {
      const { send, add, clock } = await createWorld();
      await add(MAGNET_ONLY);
      const response = await clock.runUntil(send(path), 60_000);
      expect([clock.nowMs(), response.status, response.headers.get("retry-after")]).toEqual([30_000, 503, "5"]);
      expect(await problemCode(response)).toBe("metadata_pending");
    },
  );

  test("answers HEAD at once", async () => {
    const { send, add, clock } = await createWorld();
    await add(MAGNET_ONLY);
    const response = await send(`/stream/${MAGNET_ONLY}/0/direct`, { method: "HEAD" });
    expect([clock.nowMs(), response.status, response.headers.get("retry-after")]).toEqual([0, 503, "5"]);
  });

  test("lets nobody wait while the server drains", async () => {
    const { send, add, draining } = await createWorld();
    await add(MAGNET_ONLY);
    const waiting = send(`/stream/${MAGNET_ONLY}/0`);
    draining.abort();
    for (const response of [await waiting, await send(`/stream/${MAGNET_ONLY}/0`)]) {
      expect([response.status, await problemCode(response)]).toEqual([503, "engine_unavailable"]);
    }
  });

  test("keeps no timer for whoever waited", async () => {
    const { send, add, clock, engine } = await createWorld();
    await add(MAGNET_ONLY);
    const pendingBefore = clock.pendingTimers;
    const client = new AbortController();
    const waiting = send(`/stream/${MAGNET_ONLY}/0`, { signal: client.signal });
    await clock.advance(1_000);
    expect(clock.pendingTimers).toBe(pendingBefore + 1);
    client.abort("Client connection prematurely closed."); // the bridge gives a text as the reason
    expect((await waiting).status).toBe(499);
    expect(clock.pendingTimers).toBe(pendingBefore);
    expect(engine.list()).toHaveLength(2);
  });
});

describe("a client that goes", () => {
  const infoHash = "c".repeat(40);

  test("before its request is looked at waits for nothing", async () => {
    const { send, add, clock } = await createWorld();
    await add(MAGNET_ONLY);
    const pendingBefore = clock.pendingTimers;
    expect((await send(`/stream/${MAGNET_ONLY}/0`, { signal: AbortSignal.abort() })).status).toBe(499);
    expect(clock.pendingTimers).toBe(pendingBefore);
  });

  test.each(["aborts the request", "cancels the body"])("and %s leaves no demand behind", async (how) => {
    const { send, engine, add } = await createWorld({
      seeds: [
        { infoHash, name: "Slow", files: [{ path: "slow.mp4", bytes: FILM_BYTES }], arrivals: { kind: "manual" } },
      ],
    });
    await add(infoHash);
    const client = new AbortController();
    const response = await send(`/stream/${infoHash}/0/direct`, { signal: client.signal });
    const reader = response.body!.getReader();
    const read = reader.read().catch(() => "failed");
    expect(engine.get(infoHash)?.activeDemands).toBe(1);
    if (how === "aborts the request") client.abort();
    else await reader.cancel();
    await read;
    expect(engine.get(infoHash)?.activeDemands).toBe(0);
  });
});

test("a wait that the end of the engine cuts short says that it is unavailable", async () => {
  const { send, engine, add, clock } = await createWorld();
  await add(LATE);
  const waiting = send(`/stream/${LATE}/0`);
  await clock.advance(1_000);
  await engine.close();
  const response = await waiting;
  expect([response.status, await problemCode(response)]).toEqual([503, "engine_unavailable"]);
});
