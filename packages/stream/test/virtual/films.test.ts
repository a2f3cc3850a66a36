import { createHash } from "node:crypto";
import type { ByteRange } from "@riptide/core";
import * as fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { everyNth } from "../../../../test/support/soak.ts";
import { realClock } from "../../../transcode/test/support/clocks.ts";
import { createContext, get, head, INFO_HASH, KIB, readAll, readerOf } from "../support/context.ts";
import { H264, makeFilm, makeHeavyFilm, probe } from "../support/films.ts";
import { fragmentsOf, topLevelTypes } from "../support/fragments.ts";
import { lendingProvider, SpoilingPool } from "../support/spoiling-pool.ts";
import { bytesOf, codeOf, complete, factory, packetsByTrack, virtual } from "./virtual.ts";

const VP9 = "-c:v libvpx-vp9 -deadline realtime -cpu-used 8 -g 24";
/** Two and a half pictures a second, at times that no rate explains. */
const VARIABLE = "-vf select='not(mod(n*n,7)-1)' -fps_mode vfr";

const FILMS = [
  { title: "H.264 with B-frames, AAC", extension: "mkv", encoding: `${H264} -g 24 -c:a aac` },
  { title: "H.264, AC-3", extension: "mkv", encoding: `${H264} -g 24 -c:a ac3` },
  { title: "H.264 at a variable rate, Opus", extension: "mkv", encoding: `${VARIABLE} ${H264} -g 4 -c:a libopus` },
  { title: "H.264 of keyframes alone, MP3", extension: "mkv", encoding: `${H264} -g 1 -c:a libmp3lame` },
  { title: "VP9, Opus", extension: "webm", encoding: `${VP9} -c:a libopus` },
  {
    title: "HEVC, FLAC",
    extension: "mkv",
    encoding: "-c:v libx265 -preset ultrafast -x265-params log-level=error:keyint=24 -c:a flac",
  },
  { title: "H.264 without sound", extension: "mkv", encoding: `${H264} -g 24 -an` },
  { title: "AAC without a picture", extension: "mkv", encoding: "-vn -c:a aac" },
  { title: "MP4 with its index behind", extension: "mp4", encoding: `${H264} -g 24 -c:a aac` },
] as const;

const TESTED = everyNth(FILMS, 2);
type Title = (typeof FILMS)[number]["title"];

/** What each film is, and what it becomes. */
const films = new Map<Title, { readonly source: Uint8Array; readonly whole: Uint8Array }>();
const filmOf = (title: Title) => films.get(title)!;

beforeAll(async () => {
  for (const { title, extension, encoding } of TESTED) {
    const source = await makeFilm(extension, encoding);
    films.set(title, { source, whole: await readAll(await virtual(source)) });
  }
});

describe.each(TESTED)("The virtual file of $title", ({ title }) => {
  test("holds the packets of the film at their times, and decodes", async () => {
    const { source, whole } = filmOf(title);
    const [expected, found] = [await packetsByTrack(source), await packetsByTrack(whole)];
    expect(found.map((packets) => packets.map(({ hash }) => hash))).toEqual(
      expected.map((packets) => packets.map(({ hash }) => hash)),
    );
    const streams = await probe(whole);
    for (const [track, packets] of expected.entries()) {
      // What Opus discards at its start lies before 0, which fragments cannot say; AAC's does in files that stay as they are.
      const earliestSeconds = streams[track]!.codec === "opus" ? 0 : Number.NEGATIVE_INFINITY;
      for (const [index, { ptsSeconds }] of packets.entries()) {
        const expectedSeconds = Math.max(earliestSeconds, ptsSeconds);
        expect(Math.abs(found[track]![index]!.ptsSeconds - expectedSeconds)).toBeLessThan(0.00101);
      }
    }
    for (const { dts, frames } of streams) {
      expect(frames).toBeGreaterThan(0);
      expect(dts.every((ticks, index) => index === 0 || ticks > dts[index - 1]!)).toBe(true);
    }
  });

  test("is the same in any piece, by any server", async () => {
    const { source, whole } = filmOf(title);
    const streams = factory();
    const range = fc
      .tuple(fc.nat(whole.length - 1), fc.oneof(fc.integer({ min: 1, max: 2000 }), fc.nat(whole.length)))
      .map(([start, length]): ByteRange => ({ start, end: Math.min(whole.length, start + Math.max(1, length)) }));
    await fc.assert(
      fc.asyncProperty(range, fc.boolean(), async (asked, isFresh) => {
        const piece = await bytesOf(isFresh ? factory() : streams, source, asked);
        expect(Buffer.compare(piece, whole.subarray(asked.start, asked.end))).toBe(0);
      }),
      { numRuns: 40 },
    );
  });
});

describe("The virtual file of a Matroska film", () => {
  const TITLE = FILMS[0].title;

  test("is an index and then a fragment for each segment, with padding in it", () => {
    const types = topLevelTypes(filmOf(TITLE).whole);
    expect(types.slice(0, 4)).toEqual(["ftyp", "moov", "free", "sidx"]);
    expect(types.slice(4)).toEqual(["moof", "mdat", "moof", "mdat", "moof", "mdat", "moof", "mdat"]);
  });

  test("takes memory that is lent and used again, and is the same", async () => {
    const source = await makeHeavyFilm();
    const { context } = complete(source);
    const chunks = new SpoilingPool();
    const provider = lendingProvider(context.provider, chunks);
    const response = await factory().virtual.produce(get(), { ...context, provider, chunks });
    const whole = createHash("sha256");
    for await (const chunk of response.body!) {
      whole.update(chunk);
      chunks.giveBack(chunk);
    }
    expect(whole.digest("hex")).toBe(
      createHash("sha256")
        .update(await readAll(await virtual(source)))
        .digest("hex"),
    );
    expect(chunks.lentCount).toBeGreaterThan(20);
    // The reads of a segment of four seconds, and what is sent.
    expect(chunks.buffers.size).toBeLessThanOrEqual(16);
    expect(chunks.missingCount).toBe(0);
  });

  test("has its segments where blocks of 32 KiB begin, which is where Chromium reads from", () => {
    const whole = Buffer.from(filmOf(TITLE).whole);
    const offsets = fragmentsOf(whole).map(({ offset }) => offset);
    expect(offsets).toHaveLength(4);
    expect([...offsets, whole.length].map((offset) => offset % (32 * KIB))).toEqual([0, 0, 0, 0, 0]);
    const index = whole.indexOf("sidx") - 4;
    expect(index + whole.readUInt32BE(index)).toBe(offsets[0]);
    const lengths = offsets.map((offset, segment) => (offsets[segment + 1] ?? whole.length) - offset);
    expect(lengths.map((_, segment) => whole.readUInt32BE(index + 40 + 12 * segment))).toEqual(lengths);
  });

  test("says what it is, however it is asked for", async () => {
    const { source, whole } = filmOf(TITLE);
    const always = {
      "accept-ranges": "bytes",
      "cache-control": "private, max-age=31536000, immutable",
      "content-security-policy": "sandbox",
      etag: `"${INFO_HASH}-3-remux-2-0"`,
      "x-content-type-options": "nosniff",
    };
    const content = {
      ...always,
      "content-disposition": `inline; filename="film.bin.mp4"; filename*=UTF-8''film.bin.mp4`,
      "content-type": "video/mp4",
    };
    const wholeLength = { "content-length": String(whole.length) };
    const part = { "content-length": "10", "content-range": `bytes 5-14/${whole.length}` };
    const range = "bytes=5-14";
    const cases: [Request, number, Record<string, string>][] = [
      [get(), 200, { ...content, ...wholeLength }],
      [head({ range }), 200, { ...content, ...wholeLength }],
      [get({ range }), 206, { ...content, ...part }],
      [get({ range, "if-range": always.etag }), 206, { ...content, ...part }],
      [get({ range, "if-range": '"another"' }), 200, { ...content, ...wholeLength }],
      [get({ "if-none-match": always.etag }), 304, always],
      [get({ "if-match": `"${INFO_HASH}-3"` }), 412, always],
      [get({ range: `bytes=${whole.length}-` }), 416, { ...always, "content-range": `bytes */${whole.length}` }],
    ];
    for (const [request, status, headers] of cases) {
      const response = await virtual(source, request);
      expect([response.status, Object.fromEntries(response.headers)]).toEqual([status, headers]);
      expect(response.body === null).toBe(request.method === "HEAD" || status > 206);
      await response.body?.cancel();
    }
  });

  test("has the sound that was asked for, and a validator of its own", async () => {
    const source = await makeFilm("mkv", `${H264} -map 0:v -map 1:a -map 1:a -c:a:0 aac -c:a:1 flac`);
    const open = async (path: string) => {
      const response = await virtual(source, get({}, path));
      return {
        etag: response.headers.get("etag"),
        codecs: (await probe(await readAll(response))).map(({ codec }) => codec),
      };
    };
    const [first, second] = [await open("/virtual.mp4"), await open("/virtual.mp4?audio=1")];
    expect([first.codecs, second.codecs]).toEqual([
      ["h264", "aac"],
      ["h264", "flac"],
    ]);
    expect(first.etag).not.toBe(second.etag);
  });

  test("is the same after a download was broken off and gone on with, twice", async () => {
    const { source, whole } = filmOf(TITLE);
    const hash = createHash("sha256");
    let etag: string | null = null;
    let received = 0;
    for (const limit of [Math.floor(whole.length / 3), Math.floor(whole.length / 2), whole.length]) {
      const headers = etag === null ? {} : { range: `bytes=${received}-`, "if-range": etag };
      const response: Response = await virtual(source, get(headers));
      expect(response.status).toBe(etag === null ? 200 : 206);
      etag = response.headers.get("etag");
      const reader = readerOf(response);
      while (received < limit) {
        const chunk = (await reader.read()).value!;
        hash.update(chunk);
        received += chunk.length;
      }
      await reader.cancel();
    }
    expect(hash.digest("hex")).toBe(createHash("sha256").update(whole).digest("hex"));
  });
});

describe("The virtual file of an MP4", () => {
  const TITLE = "MP4 with its index behind";

  test("is as long as the film, with the index in front, and another entity", async () => {
    const { source, whole } = filmOf(TITLE);
    expect(whole.length).toBe(source.length);
    expect(topLevelTypes(whole).slice(0, 2)).toEqual(["ftyp", "moov"]);
    const response = await virtual(source, get({ range: "bytes=4-7" }));
    expect([response.status, response.headers.get("etag")]).toEqual([206, `"${INFO_HASH}-3-faststart-2"`]);
    expect((await readAll(response)).toString()).toBe("ftyp");
  });

  test("keeps its name", async () => {
    const { source } = filmOf(TITLE);
    const viewer = createContext({ bytes: source, clock: realClock, name: "Film.MP4" });
    const response = await factory().virtual.produce(head(), viewer.context);
    expect(response.headers.get("content-disposition")).toContain(`filename="Film.MP4"`);
  });

  test.each([
    ["with its index in front", "-movflags +faststart"],
    ["in fragments", "-movflags +frag_keyframe+empty_moov"],
  ])("%s is the film itself", async (_, flags) => {
    const source = await makeFilm("mp4", `${H264} -c:a aac ${flags}`);
    const response = await virtual(source, get({}, "/virtual.mp4?audio=0"));
    expect([response.status, response.headers.get("etag")]).toEqual([200, `"${INFO_HASH}-3"`]);
    expect(Buffer.compare(await readAll(response), source)).toBe(0);
  });

  test("has no other sound than the first", async () => {
    const { source } = filmOf(TITLE);
    await expect(virtual(source, get({}, "/virtual.mp4?audio=1"))).rejects.toThrow("remux.mp4");
    expect(await codeOf(virtual(source, get({}, "/virtual.mp4?audio=1")))).toBe("unsupported_media");
  });
});

describe("What has no virtual file says why", () => {
  test.each<[string, string, string, string, string]>([
    ["a picture that must be converted", "mkv", "-c:v mpeg4 -c:a aac", "", "unsupported_media"],
    ["a sound that must be converted", "mkv", `${H264} -c:a pcm_s16le`, "", "unsupported_media"],
    ["another container", "avi", "-c:v mpeg4 -c:a mp2", "", "unsupported_media"],
    ["a film without an index", "mkv", `${H264} -c:a aac -live 1`, "", "not_seekable"],
    ["a sound that is not there", "mkv", `${H264} -c:a aac`, "?audio=4", "unsupported_media"],
    ["a sound that is no number", "mkv", `${H264} -c:a aac`, "?audio=x", "unsupported_media"],
  ])("%s", async (_, extension, encoding, query, code) => {
    const viewer = complete(await makeFilm(extension, encoding));
    for (const request of [get({}, `/virtual.mp4${query}`), head({}, `/virtual.mp4${query}`)]) {
      expect(await codeOf(factory().virtual.produce(request, viewer.context))).toBe(code);
    }
    expect(viewer.provider.counters()).toMatchObject({ demandsHeld: 0, readsWaiting: 0 });
  });

  test("what is no media", async () => {
    expect(await codeOf(virtual(Buffer.from("#EXTM3U\n")))).toBe("not_media");
  });
});
