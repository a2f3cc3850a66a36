import { describe, expect, it } from "vitest";
import { readMediaInfo } from "../../src/index.ts";
import { bytes, f64, fromHex, u16, u24, u32, zeros } from "../support/build.ts";
import { describeTracks } from "../support/describe-track.ts";
import { MemorySource, never } from "../support/memory-source.ts";

const AUDIO = 8;
const VIDEO = 9;
const SCRIPT = 18;

const tag = (type: number, data: Uint8Array): Uint8Array =>
  bytes(type, u24(data.length), zeros(7), data, u32(data.length + 11));

const flv = (flags: number, ...tags: Uint8Array[]): Uint8Array => bytes("FLV", 1, flags, u32(9), u32(0), ...tags);

const name = (text: string): Uint8Array => bytes(u16(text.length), text);
const text = (value: string): Uint8Array => bytes(2, name(value));
const number = (key: string, value: number): Uint8Array => bytes(name(key), 0, f64(value));
const END = bytes(u16(0), 9);
const metadata = (...properties: Uint8Array[]): Uint8Array =>
  tag(SCRIPT, bytes(text("onMetaData"), 8, u32(properties.length), ...properties, END));

const AVC_CONFIG = tag(VIDEO, fromHex("17 00 000000 01 640028 ff"));
const AAC_CONFIG = tag(AUDIO, fromHex("af 00 1190"));

const probe = (file: Uint8Array) => readMediaInfo(new MemorySource(file), never);
const tracksOf = async (...tags: Uint8Array[]) => describeTracks(await probe(flv(0, ...tags)));

describe("an FLV file", () => {
  it("tells what its metadata and its first tags tell", async () => {
    const meta = metadata(
      number("duration", 12.5),
      number("width", 640),
      number("height", 360),
      number("framerate", 25),
    );
    const info = await probe(flv(5, meta, AVC_CONFIG, AAC_CONFIG));
    expect(info.durationSeconds).toBe(12.5);
    expect(describeTracks(info)).toEqual([
      "video 0: h264 (7) avc1.640028 640x360 25.000fps",
      "audio 0: aac (10) mp4a.40.2 2ch 48000Hz",
    ]);
  });

  it.each([
    ["22", "flv1 (2)"],
    ["14", "vp6 (4)"],
    ["15", "vp6 (5)"],
    ["1c 01 000000", "hevc (12)"],
    ["13", "unknown (3)"],
    ["90 61763031 810900ff", "av1 (av01) av01.0.09M.08"],
    ["91 68766331 000000", "hevc (hvc1)"],
    ["90 78787878", "unknown (xxxx)"],
  ])("knows video in a tag that starts with %s", async (hex, expected) => {
    expect(await tracksOf(tag(VIDEO, fromHex(hex)))).toEqual([`video 0: ${expected}`]);
  });

  it.each([
    ["2f", "mp3 (2) mp4a.6b 2ch 44100Hz"],
    ["22", "mp3 (2) mp4a.6b 1ch 5512Hz"],
    ["e2", "mp3 (14) mp4a.6b 1ch 8000Hz"],
    ["b2", "speex (11) 1ch 16000Hz"],
    ["3e", "pcm (3) 1ch 44100Hz"],
    ["62", "unknown (6) 1ch 5512Hz"],
    ["af 01 00", "aac (10) 2ch 44100Hz"],
    ["90 4f707573", "opus (Opus) opus"],
    ["90 7a7a7a7a", "unknown (zzzz)"],
  ])("knows audio in a tag that starts with %s", async (hex, expected) => {
    expect(await tracksOf(tag(AUDIO, fromHex(hex)))).toEqual([`audio 0: ${expected}`]);
  });

  it("waits only for the kinds that its header announces", async () => {
    const source = new MemorySource(flv(1, AVC_CONFIG, ...Array.from({ length: 50 }, () => tag(VIDEO, zeros(10_000)))));
    expect(describeTracks(await readMediaInfo(source, never))).toEqual(["video 0: h264 (7) avc1.640028"]);
    expect(source.touchedBytes).toBeLessThanOrEqual(32 * 1024);
  });

  it("looks for the first audio tag among many of video, but not for ever", async () => {
    const frames = Array.from({ length: 100 }, () => tag(VIDEO, zeros(1000)));
    expect((await tracksOf(AVC_CONFIG, ...frames, AAC_CONFIG)).length).toBe(2);
    const longer = Array.from({ length: 300 }, () => tag(VIDEO, zeros(1000)));
    expect((await tracksOf(AVC_CONFIG, ...longer, AAC_CONFIG)).length).toBe(1);
  });

  it.each([
    { title: "no tags", file: flv(5) },
    { title: "tags of no known kind", file: flv(5, tag(3, zeros(20)), tag(4, zeros(20))) },
    { title: "an empty header", file: bytes("FLV", 1, 5, u32(9)) },
    {
      title: "metadata that is cut off",
      file: flv(5, tag(SCRIPT, bytes(text("onMetaData"), 8, u32(1), u16(99), "dur")), AVC_CONFIG),
    },
    { title: "a video tag that is cut off", file: flv(1, tag(VIDEO, fromHex("90 6176"))) },
  ])("is damaged by $title", async ({ file }) => {
    await expect(probe(file)).rejects.toMatchObject({ code: "damaged_media" });
  });
});

describe("FLV metadata", () => {
  const durationWith = async (...properties: Uint8Array[]): Promise<number | undefined> =>
    (await probe(flv(1, metadata(...properties, number("duration", 3)), AVC_CONFIG))).durationSeconds;

  const nested = (depth: number): Uint8Array =>
    depth === 0 ? bytes(5) : bytes(3, name("inner"), nested(depth - 1), END);

  it.each([
    { title: "a boolean", property: bytes(name("stereo"), 1, 1) },
    { title: "a text", property: bytes(name("encoder"), text("Lavf")) },
    { title: "a long text", property: bytes(name("xmp"), 12, u32(70_000), zeros(70_000)) },
    { title: "null and undefined", property: bytes(name("a"), 5, name("b"), 6) },
    { title: "a date", property: bytes(name("created"), 11, f64(1), u16(0)) },
    { title: "a reference", property: bytes(name("again"), 7, u16(1)) },
    {
      title: "a keyframe table",
      property: bytes(
        name("keyframes"),
        3,
        name("times"),
        10,
        u32(2),
        0,
        f64(0),
        0,
        f64(4),
        name("filepositions"),
        10,
        u32(1),
        0,
        f64(900),
        END,
      ),
    },
    { title: "an associative array", property: bytes(name("extra"), 8, u32(1), number("duration", 99), END) },
    { title: "objects eight deep", property: bytes(name("deep"), nested(7)) },
    { title: "a name that objects have", property: number("__proto__", 1) },
  ])("steps over $title", async ({ property }) => {
    expect(await durationWith(property)).toBe(3);
  });

  it.each([
    { title: "objects a thousand deep", property: bytes(name("deep"), nested(1000)) },
    { title: "a value of an unknown type", property: bytes(name("odd"), 0x11) },
  ])("ends at $title", async ({ property }) => {
    expect(await durationWith(property)).toBeUndefined();
  });

  it("is not needed", async () => {
    const other = tag(SCRIPT, bytes(text("onCuePoint"), 5));
    const info = await probe(flv(1, other, AVC_CONFIG));
    expect(info).toMatchObject({ durationSeconds: undefined, tracks: [{ codec: "h264" }] });
  });

  it("may be a plain object, and end without an end", async () => {
    const plain = tag(SCRIPT, bytes(text("onMetaData"), 3, number("duration", 8)));
    expect((await probe(flv(1, plain, AVC_CONFIG))).durationSeconds).toBe(8);
  });

  it("does not allocate for a list of four billion values", async () => {
    const lying = bytes(name("times"), 10, zeros(4).fill(0xff), 0, f64(1));
    expect(await durationWith(lying)).toBeUndefined();
  });
});
