import { MediaError } from "@riptide/core";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { frameShapeOf } from "../../src/audio-grid/frame-shapes.ts";
import type { AudioCodec } from "../../src/media-info.ts";
import type { PcmFormat } from "../../src/packet.ts";
import { bytes, fromHex, zeros } from "../support/build.ts";
import { FRAMES, soundTrack, streamInfo, vorbisHeaders } from "./support/sound.ts";

const NOTHING = zeros(0);

describe("The length of a frame is what its header says", () => {
  test.each<[AudioCodec, string, Uint8Array, number | undefined]>([
    ["ac3", "5.1", FRAMES.ac3Surround, 1536],
    ["ac3", "damaged", zeros(16), undefined],
    ["eac3", "of six blocks", FRAMES.eac3Surround, 1536],
    ["eac3", "of one block", fromHex("0b7700020f00"), 256],
    ["eac3", "of three blocks, with a dependent substream", fromHex("0b7700022f00 0b7740022f00"), 768],
    ["eac3", "of two blocks, three times", fromHex("0b7700021f00 0b7700021f00 0b7700021f00"), 1536],
    ["eac3", "of half rate", fromHex("0b770002cf00"), 1536],
    ["eac3", "cut off", fromHex("0b"), undefined],
    ["dts", "of 16 blocks", FRAMES.dtsSurround, 512],
    ["dts", "of 128 blocks", fromHex("7ffe8001fdfc"), 4096],
    ["dts", "of impossibly few blocks", fromHex("7ffe8001fc04"), undefined],
    ["dts", "without its core", fromHex("64582025fc3c"), undefined],
    ["mp2", "of layer II", FRAMES.mp2Stereo, 1152],
    ["mp3", "of layer III", FRAMES.mp3Stereo, 1152],
    ["mp3", "of layer III and half rate", FRAMES.mp3Half, 576],
    ["mp3", "of layer I", fromHex("fffe"), 384],
    ["mp3", "of no layer", fromHex("fff9"), undefined],
    ["mp3", "damaged", fromHex("0ffb"), undefined],
  ])("%s %s", (codec, _, frame, samples) => {
    expect(frameShapeOf(soundTrack(codec), frame).measure(frame, undefined)).toBe(samples);
  });

  test.each<[string, Uint8Array, number | undefined]>([
    ["4608 samples by code", FRAMES.flacStereo, 4608],
    ["8192 samples by code", FRAMES.flacSurround, 8192],
    ["192 samples by code", fromHex("fff81a88"), 192],
    ["an octet", fromHex("fff86a88 01 7f"), 128],
    ["two octets behind a number of three", fromHex("fff97a88 e18080 1200"), 4609],
    ["a reserved code", fromHex("fff80a88"), undefined],
    ["no sync", fromHex("00f85a88"), undefined],
  ])("flac with %s", (_, frame, samples) => {
    const track = soundTrack("flac", 48_000, streamInfo(4608, 4608));
    expect(frameShapeOf(track, NOTHING).measure(frame, undefined)).toBe(samples);
  });

  test("vorbis gives a quarter of its own length and of that before it", () => {
    // 256 and 2048 samples; modes short, long.
    const { measure, frameSamples, stepSamples } = vorbisShape(0xb8, [false, true]);
    const [short, long] = [Uint8Array.of(0b00), Uint8Array.of(0b10)];
    expect([measure(short, undefined), measure(short, long), measure(long, short), measure(long, long)]).toEqual([
      128, 576, 576, 1024,
    ]);
    expect([frameSamples, stepSamples]).toEqual([1024, 64]);
    expect([measure(Uint8Array.of(1), long), measure(NOTHING, long), measure(long, NOTHING)]).toEqual([
      undefined,
      undefined,
      1024,
    ]);
  });

  test("vorbis with one block size lies on half of it, and with one mode needs no bits for its number", () => {
    const { measure, stepSamples } = vorbisShape(0x88, [true]);
    expect([measure(Uint8Array.of(0b10), Uint8Array.of(0)), stepSamples]).toEqual([128, 128]);
  });

  test("pcm is as long as it is", () => {
    const shape = frameShapeOf(pcmTrack({ kind: "signed", byteOrder: "little", bitsPerSample: 24 }), zeros(18_000));
    expect([shape.stepSamples, shape.frameSamples, shape.measure(zeros(1808), undefined)]).toEqual([1000, 4800, 100]);
  });
});

const pcmTrack = (pcm: PcmFormat | undefined) => ({ ...soundTrack("pcm"), pcm });

describe("PCM reaches its decoder as Matroska has it", () => {
  test.each<[PcmFormat["kind"], PcmFormat["byteOrder"], number, string, string]>([
    ["signed", "little", 16, "A_PCM/INT/LIT", "0102030405060708"],
    ["signed", "big", 24, "A_PCM/INT/BIG", "0102030405060708"],
    ["unsigned", "big", 8, "A_PCM/INT/LIT", "0102030405060708"],
    ["signed", "big", 8, "A_PCM/INT/LIT", "8182838485868788"],
    ["float", "little", 32, "A_PCM/FLOAT/IEEE", "0102030405060708"],
    ["float", "big", 32, "A_PCM/FLOAT/IEEE", "0403020108070605"],
    ["float", "big", 64, "A_PCM/FLOAT/IEEE", "0807060504030201"],
  ])("%s, %s-endian, %d bits", (kind, byteOrder, bitsPerSample, codecId, expected) => {
    const frame = fromHex("0102030405060708");
    const shape = frameShapeOf(pcmTrack({ kind, byteOrder, bitsPerSample }), frame);
    expect(shape).toMatchObject({ codecId, bitsPerSample });
    expect(shape.toEnvelope(frame)).toEqual(fromHex(expected));
    expect(frame).toEqual(fromHex("0102030405060708"));
  });
});

describe("ALAC", () => {
  const configuration = bytes(fromHex("00001000 00 10 28 0a 0e 02 00ff 00000000 00000000 0000bb80"));
  const { measure, frameSamples, codecPrivate } = frameShapeOf(soundTrack("alac", 48_000, configuration), NOTHING);

  test("has frames as long as its header says, but for those that say otherwise", () => {
    expect([frameSamples, codecPrivate]).toEqual([4096, configuration]);
    expect(measure(fromHex("200000"), undefined)).toBe(4096);
    // Tag 1, instance 0, shorter: 1000.
    expect(measure(fromHex("200010 000007d0"), undefined)).toBe(1000);
  });

  test("says nothing where it is damaged", () => {
    expect(measure(fromHex("2000"), undefined)).toBeUndefined();
    expect(measure(fromHex("200010 ffffff ff"), undefined)).toBeUndefined();
  });
});

function vorbisShape(exponents: number, isLong: readonly boolean[]) {
  return frameShapeOf(soundTrack("vorbis", 48_000, vorbisHeaders(exponents, isLong)), NOTHING);
}

test("a track whose first frame is damaged has frames of the usual length", () => {
  const lengths = (["ac3", "eac3", "dts", "mp2", "mp3"] as const).map(
    (codec) => frameShapeOf(soundTrack(codec), zeros(16)).frameSamples,
  );
  expect(lengths).toEqual([1536, 1536, 512, 1152, 1152]);
});

test("FLAC of varying block sizes lies on no grid", () => {
  const track = soundTrack("flac", 48_000, streamInfo(1152, 4608));
  expect(frameShapeOf(track, NOTHING)).toMatchObject({ frameSamples: 4608, stepSamples: 1 });
});

describe("What changes the decoder's output, and nothing else, changes the format", () => {
  test.each<[AudioCodec, string, Uint8Array, Uint8Array]>([
    ["ac3", "channels", FRAMES.ac3Surround, FRAMES.ac3Stereo],
    ["ac3", "low frequencies", FRAMES.ac3Surround, fromHex("0b773af81e40eaf8")],
    ["ac3", "rate", FRAMES.ac3Stereo, fromHex("0b77d6d8544043e1")],
    ["eac3", "a dependent substream", fromHex("0b7700023f87"), fromHex("0b7700023f87 0b7740023f80")],
    ["dts", "channels", FRAMES.dtsSurround, fromHex("7ffe8001fc3c75b0b6c00538")],
    ["mp2", "channels", FRAMES.mp2Stereo, FRAMES.mp2Mono],
    ["mp3", "rate", FRAMES.mp3Stereo, FRAMES.mp3Half],
    ["flac", "channels", FRAMES.flacStereo, FRAMES.flacSurround],
  ])("%s: %s", (codec, _, first, second) => {
    const { formatOf } = frameShapeOf(soundTrack(codec, 48_000, streamInfo(4608, 4608)), first);
    expect(formatOf(first)).toBeDefined();
    expect(formatOf(second)).not.toBe(formatOf(first));
  });

  test.each<[AudioCodec, string, Uint8Array, Uint8Array]>([
    ["ac3", "checksum and bitrate", FRAMES.ac3Surround, fromHex("0b77000018 40ebf8")],
    ["eac3", "length and number of blocks", fromHex("0b7700023f87"), fromHex("0b7700030f87")],
    ["dts", "way to say stereo", fromHex("7ffe8001fc3c75b0b6c0"), fromHex("7ffe8001fc3c75b136c0")],
    ["mp3", "joint stereo", FRAMES.mp3Stereo, fromHex("fffb9404")],
    ["flac", "side channel", FRAMES.flacStereo, fromHex("fff85a1801")],
  ])("%s: not %s", (codec, _, first, second) => {
    const { formatOf } = frameShapeOf(soundTrack(codec, 48_000, streamInfo(4608, 4608)), first);
    expect(formatOf(second)).toBe(formatOf(first));
  });

  test.each<AudioCodec>(["ac3", "eac3", "dts", "mp2", "mp3", "flac"])("%s: a damaged header says nothing", (codec) => {
    const { formatOf } = frameShapeOf(soundTrack(codec, 48_000, streamInfo(4608, 4608)), zeros(16));
    expect([formatOf(zeros(16)), formatOf(NOTHING)]).toEqual([undefined, undefined]);
  });
});

describe("The decoder of FLAC is told the same STREAMINFO", () => {
  const block = streamInfo(4608, 4608);
  const expected = bytes("fLaC", fromHex("80000022"), block);
  test.each([
    ["by itself", block],
    ["as a metadata block among others", bytes(fromHex("00000022"), block, fromHex("84000004"), zeros(4))],
    ["behind the marker", bytes("fLaC", fromHex("80000022"), block)],
  ])("%s", (_, configuration) => {
    expect(frameShapeOf(soundTrack("flac", 48_000, configuration), NOTHING).codecPrivate).toEqual(expected);
  });
});

describe("What cannot be transcoded says so", () => {
  test.each<AudioCodec>(["aac", "opus", "truehd", "wma", "speex", "unknown"])("%s", (codec) => {
    expect(() => frameShapeOf(soundTrack(codec), NOTHING)).toThrow(
      expect.objectContaining({ code: "unsupported_media" }),
    );
  });

  test.each([
    undefined,
    { kind: "float", byteOrder: "little", bitsPerSample: 16 } as const,
    { kind: "unsigned", byteOrder: "big", bitsPerSample: 16 } as const,
    { kind: "signed", byteOrder: "big", bitsPerSample: 20 } as const,
  ])("pcm of unknown form: %j", (pcm) => {
    expect(() => frameShapeOf(pcmTrack(pcm), NOTHING)).toThrow(expect.objectContaining({ code: "unsupported_media" }));
  });

  const good = vorbisHeaders(0xb8, [false, true]);
  test.each<[AudioCodec, string, Uint8Array]>([
    ["flac", "no STREAMINFO", NOTHING],
    ["flac", "half of STREAMINFO", streamInfo(4608, 4608).subarray(0, 20)],
    ["flac", "empty frames", streamInfo(0, 0)],
    ["alac", "no header", NOTHING],
    ["alac", "empty frames", zeros(24)],
    ["alac", "frames of minutes", bytes(fromHex("00ffffff"), zeros(20))],
    ["vorbis", "no headers", NOTHING],
    ["vorbis", "two headers", bytes(1, good.subarray(1))],
    ["vorbis", "cut lacing", Uint8Array.of(2, 255, 255)],
    ["vorbis", "headers that are cut off", good.subarray(0, 40)],
    ["vorbis", "no setup", good.subarray(0, 2 + 30 + 1 + 309)],
    ["vorbis", "a setup of zeros", good.slice().fill(0, 350)],
    ["vorbis", "impossible block sizes", vorbisHeaders(0x8b, [true])],
    ["vorbis", "blocks beyond the limit", vorbisHeaders(0xf8, [true])],
  ])("%s with %s", (codec, _, configuration) => {
    expect(() => frameShapeOf(soundTrack(codec, 48_000, configuration), NOTHING)).toThrow(
      expect.objectContaining({ code: "damaged_media" }),
    );
  });
});

describe("Hostile bytes", () => {
  const codecs = fc.constantFrom<AudioCodec>("ac3", "eac3", "dts", "mp2", "mp3", "flac", "vorbis", "pcm", "alac");
  const headers = fc.constantFrom(
    ...Object.values(FRAMES),
    streamInfo(16, 65_535),
    vorbisHeaders(0xb8, [false, true]),
    ...["0b77", "7ffe8001", "fffb", "fff8"].map(fromHex),
  );
  /** Something that begins as it should, with some bytes changed. */
  const hostile = fc
    .tuple(headers, fc.uint8Array({ maxLength: 400 }), fc.array(fc.tuple(fc.nat(400), fc.nat(255)), { maxLength: 10 }))
    .map(([header, rest, changes]) => {
      const data = bytes(header, rest);
      for (const [at, value] of changes) if (at < data.length) data[at] = value;
      return data;
    });

  test("give a length within bounds, or none, or a damaged file", () => {
    fc.assert(
      fc.property(codecs, hostile, hostile, hostile, (codec, configuration, frame, previous) => {
        try {
          const pcm = { kind: "signed", byteOrder: "big", bitsPerSample: 16 } as const;
          const shape = frameShapeOf({ ...soundTrack(codec, 48_000, configuration), pcm }, frame);
          const samples = shape.measure(frame, previous) ?? 1;
          expect(Number.isInteger(samples) && samples >= 0 && samples <= 96 * 1536).toBe(true);
          expect(shape.frameSamples).toBeGreaterThan(0);
          expect(["string", "undefined"]).toContain(typeof shape.formatOf(frame));
        } catch (error) {
          if (!(error instanceof MediaError)) throw error;
        }
      }),
      { numRuns: 2000 },
    );
  });
});
