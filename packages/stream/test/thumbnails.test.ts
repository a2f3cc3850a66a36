import { readFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { readFfmpeg } from "../../../test/films/ffmpeg.ts";
import { films } from "../../../test/films/films.ts";
import { withMediaFile } from "../../../test/films/media-source.ts";
import { prepareFilms } from "../../../test/films/prepare-films.ts";
import { decodeFrames } from "../../../test/films/read-frames.ts";
import type { FilmName } from "../../../test/films/recipes.ts";
import { corpusFile } from "../../media/test/support/corpus.ts";
import { realClock } from "../../transcode/test/support/clocks.ts";
import { createStreamFactory, type Thumbnail } from "../src/index.ts";
import { childProcesses } from "./support/child-processes.ts";
import { createContext, get, KIB, readAll, requestOf, type TestContext } from "./support/context.ts";
import { installedFfmpeg, makeFilm } from "./support/films.ts";

const ffmpeg = await installedFfmpeg();
const FRAMES_PER_SECOND = 24;
const PIECE = 16 * KIB;

const createFactory = () => createStreamFactory({ ffmpeg, clock: realClock });
const viewerOf = (bytes: Uint8Array, arrivals: "complete" | "manual" = "complete", index = 3): TestContext =>
  createContext({ bytes, clock: realClock, arrivals: { kind: arrivals }, pieceLengthBytes: PIECE, index });

/** What the squares of pictures say. */
async function framesIn(...jpegs: readonly Uint8Array[]): Promise<(number | undefined)[]> {
  const decoded = await decodeFrames(Buffer.concat(jpegs));
  return decoded.map(({ number }) => number);
}

/** ISO/IEC 10918-1 §B.2.2: a baseline frame header has height and width behind its length and precision. */
function sizeOf(jpeg: Uint8Array): string {
  const bytes = Buffer.from(jpeg);
  const header = bytes.indexOf(Buffer.of(0xff, 0xc0));
  return `${bytes.readUInt16BE(header + 7)}x${bytes.readUInt16BE(header + 5)}`;
}

/** The first picture, in so many gray pixels. */
async function grayOf(source: Uint8Array, size: string): Promise<Buffer> {
  const filter = `scale=${size.replace("x", ":")},format=gray`;
  const { stdout } = await withMediaFile(source, (path) =>
    readFfmpeg(["-i", path, "-frames:v", "1", "-vf", filter, "-f", "rawvideo", "pipe:1"]),
  );
  return stdout;
}

/** Films, and how far their keyframes are apart. */
const FILMS: [FilmName, number][] = [
  ["mkv-h264-aac-srt", 2],
  ["mkv-h264-bframes-ac3-ass", 4],
  ["mkv-hevc", 2],
  ["mkv-no-cues", 2],
  ["webm-vp9-opus", 2],
  ["mp4-moov-first", 2],
  ["mp4-moov-last", 2],
  ["avi-mpeg4-mp3", 2],
  ["avi-h264-mp3", 2],
  ["mpegts", 2],
];

prepareFilms(...FILMS.map(([name]) => name));

describe("a thumbnail of a film that is there", () => {
  test.each(FILMS)("shows the keyframe of %s at or before the time", async (name, groupSeconds) => {
    const bytes = new Uint8Array(await readFile(await films.ensure(name)));
    const { context, provider } = viewerOf(bytes);
    const factory = createFactory();
    const wishes = [
      { timeSeconds: groupSeconds * 1.5, widthPixels: 320 },
      { timeSeconds: groupSeconds * 3 + 0.01, widthPixels: 160 },
      { timeSeconds: 1e6, widthPixels: 320 },
    ] as const;
    const thumbnails = await Promise.all(wishes.map((wish) => factory.thumbnail(context, wish)));
    const seconds = thumbnails.map((thumbnail) => thumbnail!.timeSeconds);
    const lastSeconds = Math.floor(19.9 / groupSeconds) * groupSeconds;
    expect(seconds.map((each) => Math.round(each * 10) / 10)).toEqual([groupSeconds, groupSeconds * 3, lastSeconds]);
    const jpegs = thumbnails.map((thumbnail) => thumbnail!.jpeg);
    expect(await framesIn(...jpegs)).toEqual(seconds.map((each) => Math.round(each * FRAMES_PER_SECOND)));
    expect(jpegs.map(sizeOf)).toEqual(["320x180", "160x90", "320x180"]);
    expect(Math.max(...jpegs.map(({ length }) => length))).toBeLessThan(40_000);
    expect(provider.demandLog().filter(({ origin }) => origin === "want")).toEqual([]);
  });

  test("is made once for all who ask, and kept", async () => {
    const bytes = new Uint8Array(await readFile(await films.ensure("mkv-h264-aac-srt")));
    const { context } = viewerOf(bytes);
    const factory = createFactory();
    const wish = { timeSeconds: 5, widthPixels: 160 } as const;
    const [first, second] = await Promise.all([
      factory.thumbnail(context, wish),
      factory.thumbnail(context, { ...wish, timeSeconds: 4.5 }),
    ]);
    expect(second).toBe(first);
    expect(await factory.thumbnail(context, wish)).toBe(first);
    expect((await factory.thumbnail(context, { ...wish, widthPixels: 320 }))?.jpeg).not.toEqual(first?.jpeg);
    expect(factory.ffmpeg?.active).toBe(0);
  });

  test.each([
    ["wide pixels", "mkv", "-vf scale=160:180,setsar=2 -c:v libx264 -preset ultrafast -an", "320x180"],
    ["pixels that only MP4 speaks of", "mp4", "-vf scale=160:180,setsar=2 -c:v mpeg4 -an", "320x180"],
    [
      "a picture that is higher than anything",
      "mkv",
      "-vf scale=16:960,setsar=1 -c:v libx264 -preset ultrafast -an",
      "320x640",
    ],
    [
      "a picture that is flatter than anything",
      "mkv",
      "-vf scale=1920:16,setsar=1 -c:v libx264 -preset ultrafast -an",
      "320x2",
    ],
  ])("of %s has the shape that is shown", async (_title, extension, encoding, size) => {
    const { context } = viewerOf(await makeFilm(extension, encoding));
    const thumbnail = await createFactory().thumbnail(context, { timeSeconds: 1, widthPixels: 320 });
    expect(sizeOf(thumbnail!.jpeg)).toBe(size);
  });

  test.each([
    [90, "160x284"],
    [180, "160x90"],
    [270, "160x284"],
  ])("of a film that was turned by %d degrees is upright, as ffmpeg shows it", async (degrees, size) => {
    const film = await makeFilm("mp4", "-c:v libx264 -preset ultrafast -an");
    const turned = await withMediaFile(film, (path) =>
      makeFilm("mp4", `-c copy -metadata:s:v rotate=${degrees}`, `-i ${path}`),
    );
    const { context } = viewerOf(turned);
    const { jpeg } = (await createFactory().thumbnail(context, { timeSeconds: 0, widthPixels: 160 }))!;
    expect(sizeOf(jpeg)).toBe(size);
    const [ours, shown] = await Promise.all([grayOf(jpeg, size), grayOf(turned, size)]);
    const differences = ours.map((value, index) => Math.abs(value - shown[index]!));
    expect(ours.length).toBeGreaterThan(160 * 89);
    expect(differences.reduce((sum, value) => sum + value, 0) / ours.length).toBeLessThan(10);
  });
});

describe("a thumbnail of a film that is not all there", () => {
  test.each(["mkv-h264-aac-srt", "mp4-moov-first", "mp4-moov-last", "avi-mpeg4-mp3"] as const)(
    "is nothing until its bytes of %s are, and never fetches any",
    async (name) => {
      const bytes = new Uint8Array(await readFile(await films.ensure(name)));
      const { context, provider } = viewerOf(bytes, "manual");
      const factory = createFactory();
      const wish = { timeSeconds: 9, widthPixels: 160 } as const;
      const thumbnails: (Thumbnail | undefined)[] = [];
      // From both ends, where heads and indexes lie, to the middle.
      for (let step = 0; step * 2 <= provider.pieces.end; step += 1) {
        thumbnails.push(await factory.thumbnail(context, wish));
        provider.deliver(step);
        provider.deliver(provider.pieces.end - 1 - step);
      }
      thumbnails.push(await factory.thumbnail(context, wish));
      const [missing, made, ...others] = new Set(thumbnails);
      expect([missing, others]).toEqual([undefined, []]);
      expect(await framesIn(made!.jpeg)).toEqual([8 * FRAMES_PER_SECOND]);
      expect(provider.demandLog().filter(({ origin }) => origin === "want")).toEqual([]);
      expect(provider.counters().readsWaiting).toBe(0);
    },
  );

  test("leaves whoever plays the film to wait for what he needs", async () => {
    const bytes = new Uint8Array(await readFile(await films.ensure("mp4-moov-first")));
    const { context, provider } = viewerOf(bytes, "manual");
    const factory = createFactory();
    for (let piece = 0; piece < 20; piece += 1) provider.deliver(piece);
    const player = requestOf(provider, realClock);
    const playing = factory.remux.produce(get(), player.context).then(readAll);
    expect(await factory.thumbnail(context, { timeSeconds: 0, widthPixels: 160 })).toBeDefined();
    for (let piece = 20; piece < provider.pieces.end; piece += 1) provider.deliver(piece);
    expect((await playing).length).toBeGreaterThan(bytes.length / 2);
  });
});

describe("there is no thumbnail", () => {
  test("without ffmpeg", async () => {
    const factory = createStreamFactory({ ffmpeg: undefined, clock: realClock });
    const { context } = viewerOf(new Uint8Array(10));
    const wish = { timeSeconds: 0, widthPixels: 160 } as const;
    await expect(factory.thumbnail(context, wish)).rejects.toMatchObject({ code: "ffmpeg_missing" });
  });

  test("of a film that tells no place where it can be entered", async () => {
    const film = Buffer.from(await readFile(await films.ensure("avi-mpeg4-mp3")));
    film.write("JUNK", film.lastIndexOf("idx1"), "latin1");
    const thumbnail = createFactory().thumbnail(viewerOf(film).context, { timeSeconds: 1, widthPixels: 160 });
    await expect(thumbnail).rejects.toMatchObject({ code: "unsupported_media" });
  });

  test.each([
    ["a film that only ffmpeg reads", corpusFile("flv/sample.flv"), "unsupported_media"],
    ["a sound", corpusFile("mka/bear-flac-16bit.mka"), "unsupported_media"],
    ["what is no media", new Uint8Array(100_000), "not_media"],
  ])("of %s", async (_title, bytes, code) => {
    const { context } = viewerOf(bytes);
    const wish = { timeSeconds: 0, widthPixels: 160 } as const;
    await expect(createFactory().thumbnail(context, wish)).rejects.toMatchObject({ code });
  });

  test("for who has gone: the process goes with him", async () => {
    const bytes = new Uint8Array(await readFile(await films.ensure("mkv-h264-aac-srt")));
    const { context, client } = viewerOf(bytes);
    const factory = createFactory();
    const before = new Set(await childProcesses());
    const told = factory.thumbnail(context, { timeSeconds: 5, widthPixels: 160 }).catch((error: unknown) => error);
    // A thumbnail takes less than a poll rests.
    await expect.poll(() => factory.ffmpeg?.active, { interval: 0 }).toBe(1);
    const reason = new DOMException("gone", "AbortError");
    client.abort(reason);
    expect(await told).toBe(reason);
    await expect.poll(() => factory.ffmpeg?.active).toBe(0);
    await expect.poll(async () => (await childProcesses()).filter((pid) => !before.has(pid))).toEqual([]);
  });
});
