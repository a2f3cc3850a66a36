import { describe, expect, test } from "vitest";
import {
  createWorld,
  DELETE,
  FILM,
  LATE,
  MAGNET_ONLY,
  post,
  problemCode,
  statusAndJson,
  TORRENT_BYTES,
} from "../support/world.ts";

const JSON_TYPE = "application/json";
const TORRENT_TYPE = "application/x-bittorrent";
/** BEP 52: a multihash of SHA-256, and none of v1. */
const V2_MAGNET = `magnet:?xt=urn:btmh:1220${"ab".repeat(32)}`;

function source(text: string): string {
  return JSON.stringify({ source: text });
}

describe("adding a torrent", () => {
  test.each([
    ["an info hash", JSON_TYPE, source(MAGNET_ONLY), MAGNET_ONLY],
    ["an upper-case info hash", JSON_TYPE, source(LATE.toUpperCase()), LATE],
    ["a magnet", JSON_TYPE, source(`magnet:?xt=urn:btih:${LATE}&dn=Late`), LATE],
    ["the address of a .torrent file", JSON_TYPE, source("http://tracker.example/film.torrent"), FILM],
    ["JSON with a charset", `${JSON_TYPE}; charset=utf-8`, source(LATE), LATE],
    ["the bytes of a .torrent file", TORRENT_TYPE, TORRENT_BYTES, FILM],
  ])("takes %s and answers 201 with the torrent and its address", async (_title, type, body, infoHash) => {
    const { send } = await createWorld();
    const response = await send("/api/torrents", post(type, body));
    expect(response.status).toBe(201);
    expect(response.headers.get("location")).toBe(`/api/torrents/${infoHash}`);
    expect(await response.json()).toMatchObject({ infoHash });
  });

  test.each([
    ["what is no source", JSON_TYPE, source("hello"), 400, "bad_source"],
    ["a torrent that is v2 only", JSON_TYPE, source(V2_MAGNET), 422, "unsupported_v2"],
    ["an address that cannot be reached", JSON_TYPE, source("http://nowhere.example/x.torrent"), 502, "fetch_failed"],
    ["bytes that are no torrent", TORRENT_TYPE, "<html>", 422, "bad_torrent"],
    ["no body", JSON_TYPE, "", 400, "bad_request"],
    ["broken JSON", JSON_TYPE, '{"source":', 400, "bad_request"],
    ["JSON that is no object", JSON_TYPE, "null", 400, "bad_request"],
    ["an empty source", JSON_TYPE, source(""), 400, "bad_request"],
    ["a source that is no text", JSON_TYPE, '{"source":5}', 400, "bad_request"],
    ["unknown fields", JSON_TYPE, '{"source":"x","path":"/etc"}', 400, "bad_request"],
    ["64 KB of JSON and more", JSON_TYPE, source("x".repeat(64 * 1024)), 413, "payload_too_large"],
    ["10 MB of torrent and more", TORRENT_TYPE, new Uint8Array(10 * 1024 * 1024 + 1), 413, "payload_too_large"],
    ["a form", "application/x-www-form-urlencoded", "source=x", 415, "unsupported_media_type"],
    ["plain text", "text/plain", source(FILM), 415, "unsupported_media_type"],
  ])("refuses %s", async (_title, type, body, status, code) => {
    const { send, engine } = await createWorld();
    const response = await send("/api/torrents", post(type, body));
    expect([response.status, await problemCode(response)]).toEqual([status, code]);
    expect(engine.list()).toHaveLength(1);
  });

  test("stops reading an endless body at the limit, whatever its length was said to be", async () => {
    const { send } = await createWorld();
    let pulledBytes = 0;
    let isCancelled = false;
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        pulledBytes += 16 * 1024;
        controller.enqueue(new Uint8Array(16 * 1024));
      },
      cancel() {
        isCancelled = true;
      },
    });
    const response = await send("/api/torrents", { ...post(JSON_TYPE, endless), duplex: "half" });
    expect(await problemCode(response)).toBe("payload_too_large");
    expect(pulledBytes).toBeLessThanOrEqual(8 * 16 * 1024);
    expect(isCancelled).toBe(true);
  });

  test("tells when to come back while the engine starts again", async () => {
    const { send, engine } = await createWorld();
    engine.crash();
    const response = await send("/api/torrents", post(JSON_TYPE, source(LATE)));
    expect([response.status, response.headers.get("retry-after")]).toEqual([503, "1"]);
    expect(await problemCode(response)).toBe("engine_unavailable");
  });
});

describe("showing torrents", () => {
  const film = {
    infoHash: FILM,
    name: "A film <b>",
    state: "ready",
    addedAt: "1970-01-01T00:00:00.000Z",
    files: [
      { index: 0, path: "Film/film.mkv", length: 600_000, verifiedBytes: 600_000, mediaType: "video/matroska" },
      { index: 1, path: "Film/page.html", length: 8, verifiedBytes: 8, mediaType: "application/octet-stream" },
      { index: 2, path: "Film/empty", length: 0, verifiedBytes: 0, mediaType: "application/octet-stream" },
    ],
    sizeBytes: 600_008,
    pieceLengthBytes: 262_144,
    verifiedBytes: 600_008,
    progress: 1,
    downloadedBytes: 0,
    uploadedBytes: 0,
    downloadBytesPerSecond: 0,
    uploadBytesPerSecond: 0,
    connectedPeers: 1,
    knownPeers: 1,
    activeDemands: 0,
  };

  test("lists all of them", async () => {
    const { send } = await createWorld();
    expect(await statusAndJson(await send("/api/torrents"))).toEqual({ status: 200, body: { torrents: [film] } });
  });

  test.each([FILM, FILM.toUpperCase()])("shows %s", async (infoHash) => {
    const { send } = await createWorld();
    expect(await statusAndJson(await send(`/api/torrents/${infoHash}`))).toEqual({ status: 200, body: film });
  });

  test("shows a magnet without metadata as a torrent without files and without progress", async () => {
    const { send, add } = await createWorld();
    await add(`magnet:?xt=urn:btih:${MAGNET_ONLY}&dn=Soon`);
    expect((await statusAndJson(await send(`/api/torrents/${MAGNET_ONLY}`))).body).toMatchObject({
      name: "Soon",
      state: "metadata",
      files: [],
      sizeBytes: 0,
      progress: 0,
    });
  });
});

describe("removing a torrent", () => {
  test.each([
    ["", false],
    ["?data=false", false],
    ["?data=true", true],
  ])("with %j keeps or deletes its data", async (query, deleteData) => {
    const { send, engine } = await createWorld();
    const response = await send(`/api/torrents/${FILM.toUpperCase()}${query}`, DELETE);
    expect([response.status, await response.text()]).toEqual([204, ""]);
    expect(engine.removals).toEqual([{ infoHash: FILM, deleteData }]);
  });

  test.each([
    [`/api/torrents/${LATE}`, 404, "torrent_not_found"],
    [`/api/torrents/${FILM}?data=yes`, 400, "bad_request"],
    ["/api/torrents/film", 400, "bad_request"],
  ])("refuses %s", async (path, status, code) => {
    const { send, engine } = await createWorld();
    const response = await send(path, DELETE);
    expect([response.status, await problemCode(response)]).toEqual([status, code]);
    expect(engine.removals).toEqual([]);
  });
});
