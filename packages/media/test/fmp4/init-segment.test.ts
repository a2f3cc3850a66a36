import { MediaError } from "@riptide/core";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { hexOf } from "../../src/hex.ts";
import {
  codecStringOf,
  initSegment,
  isMuxable,
  type MuxTrack,
  needsFirstPacket,
  packetDurationTicks,
} from "../../src/index.ts";
import { boxAt, boxesOf } from "../../src/isobmff/box.ts";
import { bytes, fromHex, zeros } from "../support/build.ts";
import { AAC_CONFIGURATION, AVC_RECORD, pictureTrack, soundTrack } from "./coded.ts";
import { sampleEntryOf } from "./movie.ts";

const HEVC_RECORD = bytes(
  fromHex("0101600000009000000000003cf000fcfdf8f800000f03"),
  fromHex("200001001840010c01ffff01600000030090000003000003003c959809"),
  fromHex("210001002942010101600000030090000003000003003ca00a080b9f796566924caf01680800001f480002ee0040"),
  fromHex("27000100024e01"),
);
const AV1_RECORD = fromHex("81040c00");
const OPUS_HEAD = bytes("OpusHead", fromHex("0102380180bb0000000000"));
const STREAM_INFO = bytes(fromHex("0000002212001200000000000000 0bb80170"), zeros(20));
const AC3_FRAME = fromHex("0b77480d0c402f842bc1c77a");
const EAC3_FRAME = bytes(fromHex("0b77003f0480000000"), zeros(119));
const VP9_KEYFRAME = fromHex("924983422809f8059b031c120e0c2c0005d05fc9");

const track = (coded: MuxTrack["coded"], firstPacket?: Uint8Array): MuxTrack => ({ id: 1, coded, firstPacket });

/** Each codec, the box that configures it, and what comes of it. */
const CODECS: readonly { of: MuxTrack; entry: string; box: string; content: string; codecString: string }[] = [
  {
    of: track(pictureTrack("h264", { configuration: AVC_RECORD })),
    entry: "avc1",
    box: "avcC",
    content: hexOf(AVC_RECORD),
    codecString: "avc1.64000c",
  },
  {
    of: track(pictureTrack("hevc", { configuration: HEVC_RECORD, codecString: "hev1.1.6.L60.90" })),
    entry: "hvc1",
    box: "hvcC",
    // The arrays of parameter sets are complete, that of SEI need not be.
    content: hexOf(HEVC_RECORD).replace("0320000100", "03a0000100").replace("210001002942", "a10001002942"),
    codecString: "hvc1.1.6.L60.90",
  },
  {
    of: track(pictureTrack("av1", { configuration: AV1_RECORD })),
    entry: "av01",
    box: "av1C",
    content: "81040c00",
    codecString: "av01.0.04M.08",
  },
  {
    of: track(pictureTrack("vp9"), VP9_KEYFRAME),
    entry: "vp09",
    box: "vpcC",
    content: "01000000020ba30202010000",
    codecString: "vp09.02.11.10",
  },
  {
    of: track(pictureTrack("vp9", { codecString: "vp09.00.41.08" })),
    entry: "vp09",
    box: "vpcC",
    content: "010000000029820202020000",
    codecString: "vp09.00.41.08",
  },
  {
    of: track(pictureTrack("vp8")),
    entry: "vp08",
    box: "vpcC",
    content: "01000000000b820202020000",
    codecString: "vp08.00.11.08",
  },
  {
    of: track(soundTrack("aac", { configuration: AAC_CONFIGURATION })),
    entry: "mp4a",
    box: "esds",
    content: "00000000031900000004114015000000000000000000000005021190060102",
    codecString: "mp4a.40.2",
  },
  {
    of: track(soundTrack("mp3", { sampleRateHz: 44_100 })),
    entry: "mp4a",
    box: "esds",
    content: "000000000315000000040d6b150000000000000000000000060102",
    codecString: "mp4a.6B",
  },
  {
    of: track(soundTrack("mp3", { sampleRateHz: 22_050 })),
    entry: "mp4a",
    box: "esds",
    content: "000000000315000000040d69150000000000000000000000060102",
    codecString: "mp4a.69",
  },
  { of: track(soundTrack("ac3"), AC3_FRAME), entry: "ac-3", box: "dac3", content: "1008c0", codecString: "ac-3" },
  {
    of: track(soundTrack("eac3"), EAC3_FRAME),
    entry: "ec-3",
    box: "dec3",
    content: "0600200400",
    codecString: "ec-3",
  },
  {
    of: track(soundTrack("opus", { configuration: OPUS_HEAD })),
    entry: "Opus",
    box: "dOps",
    content: "000201380000bb80000000",
    codecString: "opus",
  },
  {
    of: track(soundTrack("flac", { configuration: bytes("fLaC", STREAM_INFO) })),
    entry: "fLaC",
    box: "dfLa",
    content: `0000000080000022${hexOf(STREAM_INFO.subarray(4))}`,
    codecString: "flac",
  },
];

/** `dec3` for a first packet. */
function enhancedBox(firstPacket: Uint8Array): string {
  const file = initSegment([track(soundTrack("eac3"), firstPacket)], { durationSeconds: undefined });
  return hexOf(sampleEntryOf(file, 0).boxes.get("dec3")!);
}

/** What is thrown instead of an init segment. */
function failureOf(of: MuxTrack): unknown {
  try {
    initSegment([of], { durationSeconds: 1 });
    return undefined;
  } catch (error) {
    return error;
  }
}

describe("initSegment", () => {
  it.each(CODECS)("describes $codecString", ({ of, entry, box, content, codecString }) => {
    const file = initSegment([of], { durationSeconds: undefined });
    const sampleEntry = sampleEntryOf(file, 0);
    expect(sampleEntry.type).toBe(entry);
    expect([...sampleEntry.boxes.keys()]).toEqual([box]);
    expect(hexOf(sampleEntry.boxes.get(box)!)).toBe(content);
    expect(codecStringOf(of)).toBe(codecString);
    expect(isMuxable(of.coded)).toBe(true);
  });

  it("has the fields of a picture", () => {
    const { fields } = sampleEntryOf(initSegment([CODECS[0]!.of], { durationSeconds: undefined }), 0);
    expect(hexOf(fields.subarray(24, 28))).toBe("014000b4");
  });

  it.each([
    {
      title: "24 bits of FLAC",
      coded: soundTrack("flac", { configuration: STREAM_INFO }),
      fields: "0002001800000000bb800000",
    },
    {
      title: "16 bits of Opus",
      coded: soundTrack("opus", { configuration: OPUS_HEAD }),
      fields: "0002001000000000bb800000",
    },
    {
      title: "the largest expressible rate",
      coded: soundTrack("flac", { configuration: STREAM_INFO, sampleRateHz: 192_000 }),
      fields: "0002001800000000bb800000",
    },
  ])("has the fields of a sound: $title", ({ coded, fields }) => {
    const entry = sampleEntryOf(initSegment([track(coded)], { durationSeconds: undefined }), 0);
    expect(hexOf(entry.fields.subarray(16, 28))).toBe(fields);
  });

  it.each([
    {
      title: "a parameter set",
      of: track(pictureTrack("h264", { configuration: AVC_RECORD, sizes: [0, 0] })),
      size: "014000b4",
    },
    {
      title: "an HEVC parameter set",
      of: track(pictureTrack("hevc", { configuration: HEVC_RECORD, sizes: [0, 0] })),
      size: "014000b4",
    },
    { title: "a keyframe", of: track(pictureTrack("vp9", { sizes: [0, 0] }), VP9_KEYFRAME), size: "014000b4" },
    {
      title: "nowhere",
      of: track(pictureTrack("av1", { configuration: AV1_RECORD, sizes: [0, 0] })),
      size: "00000000",
    },
  ])("takes a missing size from $title", ({ of, size }) => {
    const { fields } = sampleEntryOf(initSegment([of], { durationSeconds: undefined }), 0);
    expect(hexOf(fields.subarray(24, 28))).toBe(size);
  });

  it("tells a known duration, and no edit lists", () => {
    const both = [CODECS[0]!.of, { ...CODECS[6]!.of, id: 2 }];
    const file = initSegment(both, { durationSeconds: 5.5 });
    expect([...boxesOf(file)].map(({ type }) => type)).toEqual(["ftyp", "moov"]);
    const moov = boxAt(file, "moov")!;
    expect([...boxesOf(moov)].map(({ type }) => type)).toEqual(["mvhd", "trak", "trak", "mvex"]);
    expect([...boxesOf(boxAt(moov, "mvex")!)].map(({ type }) => type)).toEqual(["mehd", "trex", "trex"]);
    expect(hexOf(boxAt(moov, "mvex", "mehd")!)).toBe("000000000000157c");
    expect([...boxesOf(boxAt(moov, "trak")!)].map(({ type }) => type)).toEqual(["tkhd", "mdia"]);
  });

  it.each([undefined, 0, -1, Number.NaN])("leaves a duration of %s out", (durationSeconds) => {
    const file = initSegment([CODECS[0]!.of], { durationSeconds });
    expect(boxAt(file, "moov", "mvex", "mehd")).toBeUndefined();
  });

  it.each([
    ["ger", 0x1cb2],
    ["GER", 0x1cb2],
    ["en-GB", 0x55c4],
    ["deutsch", 0x55c4],
    [undefined, 0x55c4],
  ])("tells the language %s", (language, packed) => {
    const coded = soundTrack("opus", { configuration: OPUS_HEAD, ...(language === undefined ? {} : { language }) });
    const mdhd = boxAt(initSegment([track(coded)], { durationSeconds: 1 }), "moov", "trak", "mdia", "mdhd")!;
    expect(hexOf(mdhd.subarray(20, 22))).toBe(packed.toString(16));
  });

  it("adds what dependent substreams of E-AC-3 add", () => {
    // 7.1: a frame of 5.1 with LFE, and one whose channel map is Lrs/Rrs.
    const independent = bytes(fromHex("0b77003f3f87c00000"), zeros(119));
    const dependent = bytes(fromHex("0b77403f3487d0200000"), zeros(118));
    // 64 kb/s, one substream; 48 kHz, bsid 16, acmod 7, LFE; one dependent, chan_loc bit 1.
    expect(enhancedBox(bytes(independent, dependent))).toBe("0200200f0202");
  });

  it("counts each substream of E-AC-3 once, though short frames repeat it", () => {
    const blocks = bytes(...Array.from({ length: 6 }, () => EAC3_FRAME));
    expect(enhancedBox(blocks)).toBe(enhancedBox(EAC3_FRAME));
    expect(packetDurationTicks(soundTrack("eac3"), blocks)).toBe(1536);
  });

  it("fails with a sentence, or not at all, whatever the configuration is", () => {
    const codecs = ["h264", "hevc", "av1", "vp9", "vp8"] as const;
    const sounds = ["aac", "mp3", "ac3", "eac3", "opus", "flac", "vorbis"] as const;
    const noise = fc.uint8Array({ maxLength: 60 });
    const starts = fc.constantFrom(
      zeros(0),
      AVC_RECORD.subarray(0, 20),
      HEVC_RECORD.subarray(0, 30),
      fromHex("0b77003f0480"),
    );
    const content = fc.tuple(starts, noise).map((parts) => bytes(...parts));
    const options = fc.record({ configuration: content });
    const coded = fc.oneof(
      fc
        .tuple(fc.constantFrom(...codecs), options)
        .map(([codec, each]) => pictureTrack(codec, { ...each, sizes: [0, 0] })),
      fc.tuple(fc.constantFrom(...sounds), options).map(([codec, each]) => soundTrack(codec, each)),
    );
    fc.assert(
      fc.property(coded, fc.option(content), (each, firstPacket) => {
        const of = track(each, firstPacket ?? undefined);
        const failure = failureOf(of);
        const isExpected = failure === undefined ? isMuxable(each) : failure instanceof MediaError;
        expect(isExpected).toBe(true);
        expect(failure === undefined || !isMuxable(each) || needsFirstPacket(each)).toBe(true);
        expect(typeof (codecStringOf(of) ?? "")).toBe("string");
        expect(packetDurationTicks(each, firstPacket ?? zeros(0)) ?? 1).toBeGreaterThan(0);
      }),
      { numRuns: 500 },
    );
  });
});

describe("isMuxable", () => {
  it.each([
    { title: "H.264 without a configuration", coded: pictureTrack("h264") },
    { title: "AV1 without a configuration", coded: pictureTrack("av1") },
    { title: "AAC without a configuration", coded: soundTrack("aac") },
    { title: "Opus with half a header", coded: soundTrack("opus", { configuration: OPUS_HEAD.subarray(0, 12) }) },
    { title: "FLAC without STREAMINFO", coded: soundTrack("flac", { configuration: bytes("fLaC") }) },
    { title: "MPEG-4 ASP", coded: pictureTrack("mpeg4") },
    { title: "Vorbis", coded: soundTrack("vorbis") },
    { title: "DTS", coded: soundTrack("dts") },
    { title: "a track that has no clock", coded: pictureTrack("vp8", { timescale: 0 }) },
  ])("is not $title", ({ coded }) => {
    expect(isMuxable(coded)).toBe(false);
    expect(codecStringOf(track(coded))).toBeUndefined();
  });
});

describe("needsFirstPacket", () => {
  it.each(CODECS)("is true where only a packet tells: $codecString", ({ of }) => {
    expect(needsFirstPacket(of.coded)).toBe(of.firstPacket !== undefined);
  });
});
