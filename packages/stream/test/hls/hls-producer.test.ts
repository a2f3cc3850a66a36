import { describe, expect, test } from "vitest";
import { demoFilm } from "../../../media/test/support/corpus.ts";
import { realClock } from "../../../transcode/test/support/clocks.ts";
import { createStreamFactory } from "../../src/index.ts";
import { createContext, head, KIB, readAll, readerOf } from "../support/context.ts";
import { HLS_FOLDER, hlsFilm, hlsRequest, readPlaylist } from "../support/hls.ts";
import { attributesOf } from "../support/hls-grammar.ts";

const KEPT = "private, max-age=86400";
const SAFE = { "content-security-policy": "sandbox", "x-content-type-options": "nosniff" };

describe("The playlists of a film", () => {
  test("name its tracks, and pass on the query that they were asked for with", async () => {
    const film = hlsFilm(demoFilm("MKV"));
    const master = await film.text("master.m3u8?token=secret");
    expect(attributesOf(master, "MEDIA")).toMatchObject([
      { TYPE: "AUDIO", LANGUAGE: '"en"', CHANNELS: '"2"', URI: '"audio/0/playlist.m3u8?token=secret"' },
      { TYPE: "SUBTITLES", LANGUAGE: '"en"', DEFAULT: "NO", URI: '"subtitles/0/playlist.m3u8?token=secret"' },
    ]);
    const [stream] = attributesOf(master, "STREAM-INF");
    expect(stream).toMatchObject({
      CODECS: '"avc1.64001e,mp4a.40.2"',
      RESOLUTION: "640x360",
      "FRAME-RATE": "24.000",
    });
    const averageBitsPerSecond = (film.viewer.provider.sizeBytes * 8) / 48;
    expect(Number(stream?.["AVERAGE-BANDWIDTH"]) / averageBitsPerSecond).toBeCloseTo(1, 1);
    const { initUri, segments } = readPlaylist(await film.text("video/playlist.m3u8?token=secret"));
    expect([initUri, segments[0]?.uri]).toEqual(["init.mp4?token=secret", "seg-0.m4s?token=secret"]);
  });

  test.each([
    ["MKV", "avc1.64001e,mp4a.40.2"],
    ["MP4", "avc1.64001e,mp4a.40.2"],
    ["WebM", "vp09.00.21.08,Opus"],
  ] as const)("of %s name the codecs that its initializations hold", async (container, codecs) => {
    const [stream] = attributesOf(await hlsFilm(demoFilm(container)).text("master.m3u8"), "STREAM-INF");
    expect(stream?.["CODECS"]).toBe(`"${codecs}"`);
  });

  test.each(["video", "audio/0", "subtitles/0"])(
    "of %s are complete at once and last as long as the film",
    async (folder) => {
      const film = hlsFilm(demoFilm("MKV"));
      const text = await film.text(`${folder}/playlist.m3u8`);
      expect(text).toContain("#EXT-X-PLAYLIST-TYPE:VOD\n");
      expect(text.endsWith("#EXT-X-ENDLIST\n")).toBe(true);
      const { segments } = readPlaylist(text);
      const extension = folder.startsWith("subtitles") ? "vtt" : "m4s";
      expect(segments.map(({ uri }) => uri)).toEqual(segments.map((_, number) => `seg-${number}.${extension}`));
      expect(segments).toHaveLength(12);
      const { durationSeconds } = await film.factory.mediaInfo(film.viewer.context);
      const sumSeconds = segments.reduce((sum, segment) => sum + segment.durationSeconds, 0);
      expect(sumSeconds).toBeCloseTo(durationSeconds ?? 0, 5);
    },
  );
});

test.each(["MKV", "WebM", "MP4"] as const)(
  "The playlists of %s are there when both ends of the file are",
  async (container) => {
    const { viewer, factory } = withEndsOnly(demoFilm(container));
    for (const path of [
      "master.m3u8",
      "video/playlist.m3u8",
      "audio/0/playlist.m3u8",
      "video/init.mp4",
      "audio/0/init.mp4",
    ]) {
      const response = await factory.hls.produce(hlsRequest(path), viewer.context);
      expect((await readAll(response)).length).toBeGreaterThan(0);
    }
    expect(viewer.provider.counters()).toMatchObject({ demandsHeld: 0, readsWaiting: 0 });
  },
);

describe("A response", () => {
  test.each([
    ["master.m3u8", "application/vnd.apple.mpegurl", "no-cache"],
    ["video/playlist.m3u8", "application/vnd.apple.mpegurl", "no-cache"],
    ["subtitles/0/playlist.m3u8", "application/vnd.apple.mpegurl", "no-cache"],
    ["video/init.mp4", "video/mp4", KEPT],
    ["video/seg-3.m4s", "video/mp4", KEPT],
    ["audio/0/init.mp4", "audio/mp4", KEPT],
    ["audio/0/seg-3.m4s", "audio/mp4", KEPT],
    // Which lines it repeats depends on what has been downloaded.
    ["subtitles/0/seg-3.vtt", "text/vtt; charset=utf-8", "no-cache"],
  ])("for %s is %s, kept: %s; HEAD gets the same, and reads no media", async (path, mediaType, cacheControl) => {
    const film = hlsFilm(demoFilm("MKV"));
    const response = await film.ask(path);
    const headers = { ...SAFE, "cache-control": cacheControl, "content-type": mediaType };
    expect([response.status, Object.fromEntries(response.headers)]).toEqual([200, headers]);
    await response.body?.cancel();

    const { context, provider } = film.viewer;
    const before = provider.counters().readBytes;
    const answer = await film.factory.hls.produce(head({}, `${HLS_FOLDER}${path}`), context);
    expect([answer.status, answer.body, Object.fromEntries(answer.headers)]).toEqual([200, null, headers]);
    expect(provider.counters()).toMatchObject({ readBytes: before, demandsHeld: 0 });
  });

  test.each([
    "",
    "other.m3u8",
    "video/other.mp4",
    "video/seg-12.m4s",
    "video/seg-9999999.m4s",
    "video/seg-01.m4s",
    "video/seg-0.vtt",
    "audio/1/playlist.m3u8",
    "audio/1/init.mp4",
    "audio/0/seg-12.m4s",
    "subtitles/1/playlist.m3u8",
    "subtitles/0/seg-12.vtt",
    "subtitles/0/init.mp4",
  ])("to %j, which no playlist names, is that there is no such stream", async (path) => {
    await expect(hlsFilm(demoFilm("MKV")).ask(path)).rejects.toMatchObject({ code: "stream_not_found" });
  });

  test("of a film without picture has none, and its sound is the variant", async () => {
    const film = hlsFilm(withoutPicture(demoFilm("MP4")));
    const master = await film.text("master.m3u8");
    expect(attributesOf(master, "MEDIA")).toMatchObject([{ TYPE: "AUDIO", DEFAULT: "YES" }]);
    expect(attributesOf(master, "MEDIA")[0]).not.toHaveProperty("URI");
    expect(attributesOf(master, "STREAM-INF")[0]).toMatchObject({ CODECS: '"mp4a.40.2"' });
    expect(Number(attributesOf(master, "STREAM-INF")[0]?.["BANDWIDTH"])).toBeGreaterThan(100_000);
    expect(master.trimEnd().split("\n").at(-1)).toBe("audio/0/playlist.m3u8");
    await expect(film.ask("video/playlist.m3u8")).rejects.toMatchObject({ code: "stream_not_found" });
    expect((await film.bytes("audio/0/seg-1.m4s")).length).toBeGreaterThan(10_000);
  });
});

test.each([
  ["sound", withoutTimes],
  ["picture", withUnknownPicture],
])("A %s that cannot be read is not left out if there is no other", async (_, damage) => {
  await expect(hlsFilm(damage(demoFilm("MP4"))).ask("master.m3u8")).rejects.toMatchObject({
    code: "unsupported_media",
  });
});

describe("A client that leaves", () => {
  test.each(["video/seg-9.m4s", "audio/0/seg-9.m4s", "subtitles/0/seg-9.vtt"])(
    "while %s waits for the swarm takes its demands along",
    async (path) => {
      const { viewer, factory } = withEndsOnly(demoFilm("MKV"));
      const produced = factory.hls.produce(hlsRequest(path), viewer.context);
      await expect.poll(() => viewer.provider.counters().readsWaiting).toBe(1);
      const reason = new DOMException("The client closed the request.", "AbortError");
      viewer.client.abort(reason);
      await expect(produced).rejects.toBe(reason);
      await expect.poll(() => viewer.provider.counters()).toMatchObject({ demandsHeld: 0, readsWaiting: 0 });
    },
  );

  test("in the middle of a segment takes them along too", async () => {
    const film = hlsFilm(demoFilm("MKV"));
    const response = await film.ask("video/seg-10.m4s");
    const reader = readerOf(response);
    expect((await reader.read()).value?.length).toBeGreaterThan(0);
    expect(film.viewer.provider.counters().demandsHeld).toBe(1);
    await reader.cancel();
    expect(film.viewer.provider.counters()).toMatchObject({ demandsHeld: 0, readsWaiting: 0 });
  });
});

/** A film of which only the first and the last 64 KiB are there: Matroska keeps its index at the end. */
function withEndsOnly(bytes: Uint8Array) {
  const viewer = createContext({ bytes, clock: realClock, arrivals: { kind: "manual" }, pieceLengthBytes: 4 * KIB });
  const { pieces } = viewer.provider;
  for (let piece = pieces.start; piece < pieces.end; piece += 1) {
    const { start, end } = viewer.provider.rangeOfPiece(piece);
    if (end <= 64 * KIB || start >= bytes.length - 64 * KIB) viewer.provider.deliver(piece);
  }
  return { viewer, factory: createStreamFactory({ ffmpeg: undefined, clock: realClock }) };
}

/** The picture becomes a track that nobody knows. */
function withoutPicture(bytes: Uint8Array): Uint8Array {
  const film = Buffer.from(bytes);
  film.write("meta", film.indexOf("vide", film.indexOf("hdlr")), "latin1");
  return film;
}

/** The sound counts its time in nothing: the timescale in its `mdhd` (ISO/IEC 14496-12 §8.4.2) is 0. */
function withoutTimes(bytes: Uint8Array): Uint8Array {
  const film = Buffer.from(bytes);
  film.writeUInt32BE(0, film.lastIndexOf("mdhd", film.indexOf("soun")) + 16);
  return film;
}

function withUnknownPicture(bytes: Uint8Array): Uint8Array {
  const film = Buffer.from(bytes);
  film.write("xvc1", film.indexOf("avc1", film.indexOf("stsd")), "latin1");
  return film;
}
