import { describe, expect, it } from "vitest";
import { openMatroska } from "../../src/index.ts";
import { ElementId } from "../../src/matroska/element-ids.ts";
import { bytes, element, f64, fromHex, u16le, u32, u32le, zeros } from "../support/build.ts";
import { corpusFile } from "../support/corpus.ts";
import { MemorySource, never } from "../support/memory-source.ts";
import { open } from "../support/packets.ts";
import { cluster, compression, contentEncoding, matroska, strippedOf, track, tracks } from "./film.ts";

const VIDEO = 1;
const AUDIO = 2;
const SUBTITLE = 17;

const codecPrivate = (content: Uint8Array) => element(ElementId.codecPrivate, content);
const frameDuration = (nanoseconds: number) => element(ElementId.defaultDuration, u32(nanoseconds));

function sound(samplingFrequency: number, outputFrequency?: number): Uint8Array {
  const output =
    outputFrequency === undefined ? bytes() : element(ElementId.outputSamplingFrequency, f64(outputFrequency));
  return element(
    ElementId.audio,
    element(ElementId.samplingFrequency, f64(samplingFrequency)),
    output,
    element(ElementId.channels, 2),
  );
}

const openTracks = (...entries: Uint8Array[]) => open(matroska(tracks(...entries), cluster()));

async function codedTrack(...entry: Parameters<typeof track>) {
  const [coded] = (await openTracks(track(...entry))).tracks;
  return coded!;
}

describe("a coded track", () => {
  it.each([
    { codecId: "A_AAC", fields: [sound(48_000), codecPrivate(fromHex("1190"))], timescale: 48_000, packetTicks: 1024 },
    {
      codecId: "A_AAC",
      fields: [sound(24_000, 48_000), codecPrivate(fromHex("1310"))],
      timescale: 48_000,
      packetTicks: 2048,
    },
    {
      codecId: "A_AAC",
      fields: [sound(24_000), codecPrivate(fromHex("2b098800"))],
      timescale: 48_000,
      packetTicks: 2048,
    },
    {
      codecId: "A_AAC",
      fields: [sound(48_000), codecPrivate(fromHex("131056e598"))],
      timescale: 48_000,
      packetTicks: 2048,
    },
    { codecId: "A_AAC", fields: [sound(32_000), codecPrivate(fromHex("1190"))], timescale: 48_000, packetTicks: 1024 },
    { codecId: "A_AAC/MPEG2/LC/SBR", fields: [sound(22_050, 44_100)], timescale: 44_100, packetTicks: 2048 },
    { codecId: "A_AC3", fields: [sound(44_100)], timescale: 44_100, packetTicks: 1536 },
    { codecId: "A_EAC3", fields: [sound(48_000)], timescale: 48_000, packetTicks: undefined },
    { codecId: "A_DTS", fields: [sound(48_000)], timescale: 48_000, packetTicks: undefined },
    { codecId: "A_MPEG/L3", fields: [sound(44_100)], timescale: 44_100, packetTicks: 1152 },
    { codecId: "A_MPEG/L3", fields: [sound(22_050)], timescale: 22_050, packetTicks: 576 },
    { codecId: "A_MPEG/L2", fields: [sound(24_000)], timescale: 24_000, packetTicks: 1152 },
    { codecId: "A_OPUS", fields: [sound(44_100)], timescale: 48_000, packetTicks: undefined },
    { codecId: "A_FLAC", fields: [sound(96_000)], timescale: 96_000, packetTicks: undefined },
    { codecId: "A_VORBIS", fields: [sound(44_100.4)], timescale: 44_100, packetTicks: undefined },
    { codecId: "A_VORBIS", fields: [sound(0)], timescale: 90_000, packetTicks: undefined },
    { codecId: "A_AC3", fields: [sound(1e30)], timescale: 90_000, packetTicks: undefined },
    { codecId: "A_AC3", fields: [sound(Number.NaN)], timescale: 90_000, packetTicks: undefined },
  ])(
    "of $codecId counts $timescale a second, $packetTicks a packet",
    async ({ codecId, fields, timescale, packetTicks }) => {
      expect(await codedTrack(1, AUDIO, codecId, ...fields)).toMatchObject({ timescale, packetTicks });
    },
  );

  it.each([
    { type: VIDEO, fields: [frameDuration(41_708_333)], packetTicks: 3754 },
    { type: VIDEO, fields: [frameDuration(40_000_000)], packetTicks: 3600 },
    { type: VIDEO, fields: [frameDuration(0)], packetTicks: undefined },
    { type: VIDEO, fields: [], packetTicks: undefined },
    { type: SUBTITLE, fields: [frameDuration(40_000_000)], packetTicks: undefined },
  ])("of pictures or text counts 90 000 a second, $packetTicks a packet", async ({ type, fields, packetTicks }) => {
    expect(await codedTrack(1, type, "X_ANY", ...fields)).toMatchObject({ timescale: 90_000, packetTicks });
  });

  const STREAM_INFO = bytes(0x80, 0, 0, 34, zeros(34));
  const WAVE = bytes(u16le(0x00ff), u16le(2), u32le(48_000), zeros(10), 0x11, 0x90);

  it.each([
    { type: VIDEO, codecId: "V_MPEG4/ISO/AVC", stored: fromHex("01640028ff"), configuration: fromHex("01640028ff") },
    { type: VIDEO, codecId: "V_AV1", stored: fromHex("81094c00"), configuration: fromHex("81094c00") },
    { type: VIDEO, codecId: "V_VP9", stored: fromHex("010102"), configuration: bytes() },
    { type: VIDEO, codecId: "V_MS/VFW/FOURCC", stored: bytes(zeros(16), "H264", zeros(20)), configuration: bytes() },
    { type: AUDIO, codecId: "A_MS/ACM", stored: WAVE, configuration: bytes() },
    { type: AUDIO, codecId: "A_AAC", stored: fromHex("1190"), configuration: fromHex("1190") },
    { type: AUDIO, codecId: "A_AAC/MPEG4/MAIN", stored: bytes(), configuration: fromHex("0d88") },
    { type: AUDIO, codecId: "A_AAC", stored: bytes(), configuration: fromHex("1588") },
    { type: AUDIO, codecId: "A_FLAC", stored: bytes("fLaC", STREAM_INFO), configuration: STREAM_INFO },
    { type: AUDIO, codecId: "A_FLAC", stored: STREAM_INFO, configuration: STREAM_INFO },
    { type: AUDIO, codecId: "A_OPUS", stored: bytes("OpusHead", 1, 2), configuration: bytes("OpusHead", 1, 2) },
    { type: AUDIO, codecId: "A_AC3", stored: bytes(1), configuration: bytes() },
    { type: SUBTITLE, codecId: "S_TEXT/ASS", stored: bytes("[Script Info]"), configuration: bytes("[Script Info]") },
  ])("of $codecId has the configuration of ISO files", async ({ type, codecId, stored, configuration }) => {
    expect((await codedTrack(1, type, codecId, codecPrivate(stored))).configuration).toEqual(configuration);
  });
});

describe("the format in the words of Microsoft", () => {
  it.each([
    { type: VIDEO, codecId: "V_MS/VFW/FOURCC", stored: bytes(zeros(16), "XVID", zeros(20), 1, 2) },
    { type: AUDIO, codecId: "A_MS/ACM", stored: bytes(u16le(0x55), u16le(2), u32le(48_000), zeros(10), 1, 2) },
  ])("is what $codecId stores", async ({ type, codecId, stored }) => {
    expect((await codedTrack(1, type, codecId, codecPrivate(stored))).microsoftFormat).toEqual(stored);
  });

  it("is missing where the codec has a name of its own", async () => {
    expect((await codedTrack(1, AUDIO, "A_AAC", codecPrivate(fromHex("1190")))).microsoftFormat).toBeUndefined();
  });
});

describe("What packets have beyond those in the file", () => {
  it.each([
    { title: "nothing", fields: [], growthBytes: undefined },
    { title: "what they were stripped of", fields: [strippedOf(bytes(1, 2, 3))], growthBytes: 3 },
    { title: "anything, if they were compressed", fields: [compression()], growthBytes: Number.POSITIVE_INFINITY },
  ])("is $title", async ({ fields, growthBytes }) => {
    expect((await codedTrack(1, AUDIO, "A_AC3", ...fields)).growthBytes).toBe(growthBytes);
    expect((await codedTrack(1, VIDEO, "V_VP8", ...fields)).growthBytes).toBe(growthBytes);
  });
});

describe("openMatroska", () => {
  it.each([
    { title: "is encrypted", encoding: contentEncoding(element(ElementId.contentEncodingType, 1)) },
    { title: "is packed by bzip2", encoding: compression(element(ElementId.contentCompAlgo, 1)) },
    {
      title: "has a packed configuration",
      encoding: contentEncoding(element(ElementId.contentEncodingScope, 3), element(ElementId.contentCompression)),
    },
    { title: "does not say how it is packed", encoding: contentEncoding() },
    { title: "lacks long starts of frames", encoding: strippedOf(zeros(257)) },
    {
      title: "is packed twice",
      encoding: element(
        ElementId.contentEncodings,
        element(ElementId.contentEncoding, element(ElementId.contentCompression)),
        element(ElementId.contentEncoding, element(ElementId.contentCompression)),
      ),
    },
  ])("leaves out a track that $title", async ({ encoding }) => {
    const demuxer = await openTracks(
      track(1, VIDEO, "V_VP8"),
      track(2, AUDIO, "A_AC3", encoding),
      track(3, AUDIO, "A_AC3"),
    );
    expect(demuxer.tracks.map(({ number, track: { index } }) => [number, index])).toEqual([
      [1, 0],
      [3, 1],
    ]);
  });

  it("leaves out tracks without a number of their own", async () => {
    const demuxer = await openTracks(track(0, AUDIO, "A_AC3"), track(2, AUDIO, "A_AC3"), track(2, VIDEO, "V_VP8"));
    expect(demuxer.tracks.map(({ number, track: { kind, index } }) => [number, kind, index])).toEqual([
      [2, "audio", 1],
    ]);
  });

  it.each([
    { path: "mkv/sample.mkv", container: "matroska", durationSeconds: 1.072 },
    { path: "mkv/bbb_642x642_768kbps_30fps_vp9.webm", container: "webm", durationSeconds: 2.966666752 },
  ])("reads no more than the head of $path", async ({ path, container, durationSeconds }) => {
    const source = new MemorySource(corpusFile(path));
    expect(await openMatroska(source, never)).toMatchObject({ container, durationSeconds });
    expect(source.touchedBytes).toBeLessThanOrEqual(16 * 1024);
  });

  it("reads Cues only when it is asked for places to enter, and once", async () => {
    const source = new MemorySource(corpusFile("mkv/bbb_642x642_768kbps_30fps_vp9.webm"));
    const demuxer = await openMatroska(source, never);
    const reads = source.reads.length;
    const index = await demuxer.keyIndex(never);
    expect(index?.map(({ timeSeconds }) => timeSeconds)).toEqual([0, 1, 2]);
    const readsWithCues = source.reads.length;
    expect(readsWithCues).toBeGreaterThan(reads);
    expect(await demuxer.keyIndex(never)).toBe(index);
    expect(source.reads.length).toBe(readsWithCues);
  });

  it("refuses other containers", async () => {
    const file = corpusFile("mp4/sample.mp4");
    await expect(open(file)).rejects.toMatchObject({ code: "damaged_media" });
  });
});
