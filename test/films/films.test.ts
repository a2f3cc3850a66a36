import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sha256 } from "../support/sha256.ts";
import { films } from "./films.ts";
import { makeFilm, remuxFilm } from "./make-film.ts";
import { type Probed, probe } from "./probe.ts";
import { decodeFrames } from "./read-frames.ts";
import { decodeSeconds } from "./read-sound.ts";
import { type FilmName, recipeOf } from "./recipes.ts";

/** What the names promise. `offsetSeconds`: how much later than at 0 the picture begins. */
const SHORT_FILMS: readonly {
  readonly name: FilmName;
  readonly format: string;
  readonly codecs: readonly string[];
  readonly offsetSeconds?: number;
}[] = [
  { name: "mp4-moov-first", format: "mp4", codecs: ["h264", "aac"] },
  { name: "mp4-moov-last", format: "mp4", codecs: ["h264", "aac"] },
  { name: "webm-vp9-opus", format: "webm", codecs: ["vp9", "opus"] },
  { name: "mkv-h264-aac-srt", format: "matroska", codecs: ["h264", "aac", "aac", "subrip"] },
  { name: "mkv-h264-bframes-ac3-ass", format: "matroska", codecs: ["h264", "ac3", "ass"] },
  { name: "mkv-no-cues", format: "matroska", codecs: ["h264", "aac"] },
  { name: "mkv-hevc", format: "matroska", codecs: ["hevc", "aac"] },
  { name: "mkv-aac-priming", format: "matroska", codecs: ["h264", "aac"], offsetSeconds: 1024 / 48_000 },
  { name: "avi-mpeg4-mp3", format: "avi", codecs: ["mpeg4", "mp3"] },
  { name: "avi-h264-mp3", format: "avi", codecs: ["h264", "mp3"] },
  { name: "mpegts", format: "mpegts", codecs: ["h264", "aac"], offsetSeconds: 1.4 },
  { name: "flv", format: "flv", codecs: ["h264", "aac"] },
  { name: "wmv", format: "asf", codecs: ["wmv2", "wmav2"] },
  { name: "demo-mp4", format: "mp4", codecs: ["h264", "aac"] },
  { name: "demo-mkv", format: "matroska", codecs: ["h264", "aac", "subrip"] },
  { name: "demo-webm", format: "webm", codecs: ["vp9", "opus"] },
];

/** Matroska, FLV and ASF round times to milliseconds. */
const FRAME_TOLERANCE_SECONDS = 0.001;
/** A frame of sound is 21 to 26 ms long, and edges between tones are found within 5 ms. */
const SOUND_TOLERANCE_SECONDS = 0.012;

describe.each(SHORT_FILMS)("the film $name", ({ name, format, codecs, offsetSeconds = 0 }) => {
  const { durationSeconds, framesPerSecond, widthPixels, heightPixels, languages } = recipeOf(name);
  let path: string;
  let probed: Probed;

  beforeAll(async () => {
    path = await films.ensure(name);
    probed = await probe(path);
  });

  it("has the container, the tracks and the size that its name promises", () => {
    expect(probed.format.format_name.split(",")).toContain(format);
    expect(probed.streams.map((stream) => stream.codec_name)).toEqual(codecs);
    expect(probed.streams[0]).toMatchObject({ width: widthPixels, height: heightPixels });
    expect(probed.streams.filter((stream) => stream.codec_type === "audio")).toHaveLength(languages.length);
  });

  it("shows every frame once, in order and at its time", async () => {
    const frames = await decodeFrames(path, { keepsTimes: true });
    const count = durationSeconds * framesPerSecond;
    expect(frames.map((frame) => frame.number)).toEqual(Array.from({ length: count }, (_, index) => index));
    for (const [index, { startSeconds }] of frames.entries()) {
      const error = Math.abs(startSeconds - offsetSeconds - index / framesPerSecond);
      expect(error).toBeLessThanOrEqual(FRAME_TOLERANCE_SECONDS);
    }
  });

  it("sounds every second of every track at its time", async () => {
    for (const audioIndex of languages.keys()) {
      const seconds = await decodeSeconds(path, { audioIndex, keepsTimes: true });
      expect(seconds.map(({ second, track }) => [second, track])).toEqual(
        Array.from({ length: durationSeconds }, (_, second) => [second, audioIndex]),
      );
      // Codecs fade in: only the edges between two seconds are sharp.
      for (const { second, startSeconds } of seconds.slice(1)) {
        expect(Math.abs(startSeconds - offsetSeconds - second)).toBeLessThanOrEqual(SOUND_TOLERANCE_SECONDS);
      }
    }
  });
});

describe("what tells a film from others", () => {
  it.each([
    { name: "mp4-moov-first", order: ["ftyp", "moov", "free", "mdat"] },
    { name: "mp4-moov-last", order: ["ftyp", "free", "mdat", "moov"] },
    { name: "demo-mp4", order: ["ftyp", "moov", "free", "mdat"] },
  ] as const)("is the order of boxes in $name", async ({ name, order }) => {
    expect(boxTypes(await readFile(await films.ensure(name)))).toEqual(order);
  });

  it.each([
    { name: "mkv-no-cues", hasCues: false },
    { name: "mkv-h264-aac-srt", hasCues: true },
    { name: "webm-vp9-opus", hasCues: true },
  ] as const)("is whether $name has Cues: $hasCues", async ({ name, hasCues }) => {
    const elements = segmentElements(await readFile(await films.ensure(name)));
    expect(elements.filter((id) => id === CLUSTER_ID).length).toBeGreaterThanOrEqual(4);
    expect(elements.includes(CUES_ID)).toBe(hasCues);
  });

  it("is B-frames, surround sound and styled subtitles in mkv-h264-bframes-ac3-ass", async () => {
    const path = await films.ensure("mkv-h264-bframes-ac3-ass");
    const { streams } = await probe(path);
    expect(streams[0]?.has_b_frames).toBe(2);
    expect(streams[1]).toMatchObject({ codec_name: "ac3", channels: 6 });
    const [left, low] = await Promise.all([0, 3].map((channel) => decodeSeconds(path, { channel })));
    expect([left?.length, low]).toEqual([20, []]);
    const text = await subtitleText(path, "ass");
    expect(text.match(/ASS cue \d+/g)).toEqual(Array.from({ length: 20 }, (_, second) => `ASS cue ${second}`));
    expect(text).toContain("Dialogue: 0,0:00:07.10,0:00:07.90,Default,,0,0,0,,{\\frz10}ASS cue 7");
  });

  it("is two languages and plain subtitles in mkv-h264-aac-srt", async () => {
    const path = await films.ensure("mkv-h264-aac-srt");
    const { streams } = await probe(path);
    expect(streams.slice(1).map(({ tags }) => tags?.language)).toEqual(["eng", "fre", "eng"]);
    const text = await subtitleText(path, "srt");
    expect(text).toContain("00:00:07,100 --> 00:00:07,900\nSRT cue 7\n");
    expect(text.match(/SRT cue \d+/g)).toHaveLength(20);
  });

  it("is the FourCC in the AVI films", async () => {
    const tags = await Promise.all(
      (["avi-mpeg4-mp3", "avi-h264-mp3"] as const).map(
        async (name) => (await probe(await films.ensure(name))).streams[0],
      ),
    );
    expect(tags.map((stream) => stream?.codec_tag_string)).toEqual(["XVID", "H264"]);
  });
});

describe("making a film", () => {
  let directory: string;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), "riptide-films-test-"));
  });
  afterAll(() => rm(directory, { recursive: true }));

  it.each(["mp4-moov-first", "mkv-h264-bframes-ac3-ass", "mkv-no-cues", "mkv-hevc", "webm-vp9-opus"] as const)(
    "gives the same bytes twice: %s",
    async (name) => {
      const recipe = { ...recipeOf(name), durationSeconds: 3 };
      const paths = ["first", "second"].map((file) => join(directory, `${file}.${recipe.extension}`));
      for (const path of paths) await makeFilm(recipe, path);
      const [first, second] = await Promise.all(paths.map(async (path) => sha256(await readFile(path))));
      expect(second).toBe(first);
    },
  );

  it("can have the byte rate of a real film, 8 Mb/s, and its large key frames", async () => {
    const path = join(directory, "constant-rate.mkv");
    await makeFilm({ ...recipeOf("long"), durationSeconds: 9 }, path);
    const bitsPerSecond = (Number((await probe(path)).format.size) * 8) / 9;
    expect(bitsPerSecond).toBeGreaterThan(7.5e6);
    expect(bitsPerSecond).toBeLessThan(8.5e6);
    expect(Math.min(...(await keyFrameSizes(path)))).toBeGreaterThan(150_000);
  });

  it("remuxes packets as they are, so that nothing of the picture or the sound changes", async () => {
    const path = join(directory, "remuxed.mp4");
    await remuxFilm(await films.ensure("mkv-h264-aac-srt"), ["-movflags", "+faststart"], path);
    expect(boxTypes(await readFile(path))).toEqual(["ftyp", "moov", "free", "mdat"]);
    const frames = await decodeFrames(path, { keepsTimes: true });
    expect(frames.map((frame) => Math.round(frame.startSeconds * 24))).toEqual(frames.map((frame) => frame.number));
    expect(frames).toHaveLength(480);
    expect((await decodeSeconds(path, { audioIndex: 1 })).map(({ second, track }) => second + track)).toHaveLength(20);
  });

  it("says what ffmpeg said when it fails", async () => {
    await expect(makeFilm(recipeOf("flv"), join(directory, "missing", "film.flv"))).rejects.toThrow(
      "No such file or directory",
    );
  });
});

describe("the films bundled with the demo", () => {
  const directory = new URL("../../packages/cli/demo/films/", import.meta.url);

  it("are three, small together, and show every frame in order", async () => {
    const files = (await readdir(directory)).sort();
    expect(files).toEqual(["Riptide demo (MKV).mkv", "Riptide demo (MP4).mp4", "Riptide demo (WebM).webm"]);
    const bundled = await Promise.all(files.map((file) => readFile(new URL(encodeURIComponent(file), directory))));
    expect(bundled.reduce((sum, { length }) => sum + length, 0)).toBeLessThan(8_000_000);
    for (const film of bundled) {
      const numbers = (await decodeFrames(film)).map((frame) => frame.number);
      expect(numbers).toEqual(Array.from({ length: 48 * 24 }, (_, index) => index));
    }
  });
});

describe("films.ensure", () => {
  it("gives concurrent and later callers one and the same file", async () => {
    const paths = await Promise.all([films.ensure("flv"), films.ensure("flv")]);
    expect(new Set([...paths, await films.ensure("flv")]).size).toBe(1);
    expect(paths[0]).toMatch(/\/\.cache\/films\/flv-[0-9a-f]{12}\.flv$/);
  });
});

const CLUSTER_ID = 0x1f43b675;
const CUES_ID = 0x1c53bb6b;

/** Types of the boxes of a file (ISO/IEC 14496-12 section 4.2). */
function boxTypes(bytes: Buffer): string[] {
  const types: string[] = [];
  for (let offset = 0; offset < bytes.length; offset += bytes.readUInt32BE(offset)) {
    types.push(bytes.toString("latin1", offset + 4, offset + 8));
  }
  return types;
}

/** IDs of the segment's children (RFC 8794 section 5 and 6): the segment's own size may be unknown, theirs are not. */
function segmentElements(bytes: Buffer): number[] {
  const header = elementAt(bytes, 0);
  const segment = elementAt(bytes, header.end);
  const ids: number[] = [];
  for (let offset = segment.bodyStart; offset < bytes.length; ) {
    const element = elementAt(bytes, offset);
    ids.push(element.id);
    offset = element.end;
  }
  return ids;
}

function elementAt(bytes: Buffer, offset: number) {
  const idLength = Math.clz32(bytes[offset]!) - 23;
  const sizeLength = Math.clz32(bytes[offset + idLength]!) - 23;
  let size = bytes[offset + idLength]! & (0xff >> sizeLength);
  for (let index = 1; index < sizeLength; index += 1) size = size * 256 + bytes[offset + idLength + index]!;
  const bodyStart = offset + idLength + sizeLength;
  return { id: bytes.readUIntBE(offset, idLength), bodyStart, end: bodyStart + size };
}

async function subtitleText(path: string, format: "srt" | "ass"): Promise<string> {
  const copy = ["-v", "error", "-i", path, "-map", "0:s:0", "-c", "copy", "-f", format, "-"];
  return (await promisify(execFile)("ffmpeg", copy)).stdout.replaceAll("\r", "");
}

async function keyFrameSizes(path: string): Promise<number[]> {
  const wanted = ["-select_streams", "v", "-show_entries", "packet=size,flags", "-of", "csv=p=0"];
  const { stdout } = await promisify(execFile)("ffprobe", ["-v", "error", ...wanted, path]);
  return stdout.split("\n").flatMap((line) => (line.includes("K") ? [Number.parseInt(line, 10)] : []));
}
