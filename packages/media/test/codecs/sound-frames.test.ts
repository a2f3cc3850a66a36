import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { dolbyFrames } from "../../src/codecs/dolby-frames.ts";
import { flacFrameSamples, flacParameters, flacStreamInfo } from "../../src/codecs/flac.ts";
import { mp3Frame } from "../../src/codecs/mpeg-audio.ts";
import { opusPacketSamples } from "../../src/codecs/opus.ts";
import { bytes, fromHex, zeros } from "../support/build.ts";

const frameOf = (hex: string) => [...dolbyFrames(fromHex(hex))][0];

describe("dolbyFrames", () => {
  it.each([
    {
      title: "AC-3, 48 kHz, mono, 96 kb/s",
      hex: "0b77480d0c402f842bc1c77a",
      frame: {
        lengthBytes: 384,
        sampleRateHz: 48_000,
        blocks: 6,
        codingMode: 1,
        hasLowFrequency: false,
        bitRateCode: 6,
      },
    },
    {
      title: "AC-3, 44.1 kHz, 5.1, 448 kb/s, the longer frame",
      hex: "0b7700005f40e1400000",
      frame: {
        lengthBytes: 1952,
        sampleRateHz: 44_100,
        blocks: 6,
        codingMode: 7,
        hasLowFrequency: true,
        bitRateCode: 15,
      },
    },
    {
      title: "AC-3 at half the rate",
      hex: "0b7700000048400000",
      frame: {
        lengthBytes: 128,
        sampleRateHz: 24_000,
        blocks: 6,
        codingMode: 2,
        hasLowFrequency: false,
        bitRateCode: 0,
      },
    },
    {
      title: "E-AC-3, 48 kHz, mono",
      hex: "0b7700bf3287c00021064060",
      frame: {
        lengthBytes: 384,
        sampleRateHz: 48_000,
        blocks: 6,
        codingMode: 1,
        hasLowFrequency: false,
        isDependent: false,
      },
    },
    {
      title: "E-AC-3 of one block",
      hex: "0b77003f0480000000",
      frame: { lengthBytes: 128, sampleRateHz: 48_000, blocks: 1, codingMode: 2, isDependent: false },
    },
    {
      title: "E-AC-3 at half the rate",
      hex: "0b77003fc480000000",
      frame: { lengthBytes: 128, sampleRateHz: 24_000, blocks: 6, codingMode: 2, isDependent: false },
    },
    {
      title: "a dependent substream with a channel map",
      hex: "0b77403f3487d0200000",
      frame: { isDependent: true, substreamId: 0, channelMap: 0x0200 },
    },
  ])("reads $title", ({ hex, frame }) => {
    expect(frameOf(hex)).toMatchObject(frame);
  });

  it.each(["", "0b77", "770b480d0c402f84", "0b77000027402f84", "0b7700003f402f84", "0b77c0bf3287c000"])(
    "takes %j for none",
    (hex) => {
      expect(frameOf(hex)).toBeUndefined();
    },
  );

  it("walks from frame to frame, and ends whatever the bytes are", () => {
    const first = bytes(fromHex("0b77003f0480000000"), zeros(119));
    expect([...dolbyFrames(bytes(first, first, 1, 2))]).toHaveLength(2);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (noise) => {
        expect([...dolbyFrames(bytes(0x0b, 0x77, noise))].length).toBeLessThanOrEqual(64);
      }),
    );
  });
});

describe("opusPacketSamples", () => {
  it.each([
    ["SILK, 60 ms", "18", 2880],
    ["SILK, 10 ms, twice", "01", 960],
    ["hybrid, 20 ms", "68", 960],
    ["hybrid, 10 ms", "60", 480],
    ["CELT, 2.5 ms", "80", 120],
    ["CELT, 20 ms", "fc", 960],
    ["CELT, 20 ms, three frames", "fb03", 2880],
  ])("counts %s", (_, hex, samples) => {
    expect(opusPacketSamples(fromHex(hex))).toBe(samples);
  });

  it.each(["", "fb", "fb00", "1b03"])("takes %j for none", (hex) => {
    expect(opusPacketSamples(fromHex(hex))).toBeUndefined();
  });
});

describe("mp3Frame", () => {
  it.each([
    ["MPEG-1 at 48 kHz", "fffb54c4", { sampleRateHz: 48_000, samples: 1152 }],
    ["MPEG-1 at 44.1 kHz", "fffb9064", { sampleRateHz: 44_100, samples: 1152 }],
    ["MPEG-2 at 24 kHz", "fff354c4", { sampleRateHz: 24_000, samples: 576 }],
    ["MPEG-2.5 at 11.025 kHz", "ffe350c4", { sampleRateHz: 11_025, samples: 576 }],
  ])("reads %s", (_, hex, frame) => {
    expect(mp3Frame(fromHex(hex))).toEqual(frame);
  });

  it.each(["", "fffd54c4", "fffb5cc4", "ffeb54c4", "494433"])("takes %j for none", (hex) => {
    expect(mp3Frame(fromHex(hex))).toBeUndefined();
  });
});

describe("flac", () => {
  it("reads STREAMINFO with and without the marker", () => {
    const block = bytes(0x80, 0, 0, 34, fromHex("1200120000000e00106e0bb801700002ee00"), zeros(16));
    const expected = { sampleRateHz: 48_000, channels: 1, bitsPerSample: 24, frameSamples: 4608 };
    expect(flacParameters(flacStreamInfo(block)!)).toEqual(expected);
    expect(flacParameters(flacStreamInfo(bytes("fLaC", block))!)).toEqual(expected);
  });

  it("knows no frame length where frames differ", () => {
    expect(flacParameters(fromHex("100012000000000000000bb80170"))?.frameSamples).toBeUndefined();
  });

  it.each(["", "84000022", "fLaC"])("finds no STREAMINFO in %j", (text) => {
    expect(flacStreamInfo(bytes(text, zeros(10)))).toBeUndefined();
  });

  it.each([
    ["192", "fff81908", 192],
    ["1152", "fff83908", 1152],
    ["4608", "fff85908", 4608],
    ["4096", "fff8c908", 4096],
    ["8 bits behind a number of one byte", "fff8690800 0f", 16],
    ["16 bits behind a number of three bytes", "fff97908e28280 1233", 0x1234],
  ])("counts a frame of %s", (_, hex, samples) => {
    expect(flacFrameSamples(fromHex(hex))).toBe(samples);
  });

  it.each(["", "fff80908", "ffe8c908"])("takes %j for no frame", (hex) => {
    expect(flacFrameSamples(fromHex(hex))).toBeUndefined();
  });
});
