import { describe, expect, it } from "vitest";
import {
  av1CodecString,
  avcCodecString,
  hevcCodecString,
  vp9CodecString,
} from "../../src/codecs/video-codec-string.ts";
import { fromHex } from "../support/build.ts";

describe("avcCodecString", () => {
  it.each([
    ["01 42c01e ff", "avc1.42c01e"],
    ["01 640028", "avc1.640028"],
    ["01 6e0033 ff", "avc1.6e0033"],
  ])("turns the record %s into %s", (hex, expected) => {
    expect(avcCodecString(fromHex(hex))).toBe(expected);
  });

  it("names the sample entry it comes from", () => {
    expect(avcCodecString(fromHex("01 640028"), "avc3")).toBe("avc3.640028");
  });

  it.each(["", "01 64", "00 640028", "000000016764"])("takes %j for no record", (hex) => {
    expect(avcCodecString(fromHex(hex))).toBeUndefined();
  });
});

describe("hevcCodecString", () => {
  it.each([
    ["Main, level 3", "01 01 60000000 900000000000 5a", "hvc1.1.6.L90.90"],
    ["Main 10, level 5.1, High tier", "01 22 20000000 b00000000000 99", "hvc1.2.4.H153.b0"],
    ["a profile space and all constraints", "01 41 60000000 010203040506 5d", "hvc1.A1.6.L93.1.2.3.4.5.6"],
    ["no constraints", "01 01 60000000 000000000000 5d", "hvc1.1.6.L93"],
  ])("writes %s", (_title, hex, expected) => {
    expect(hevcCodecString(fromHex(hex))).toBe(expected);
  });

  it("takes a short record for none", () => {
    expect(hevcCodecString(fromHex("01 01 60000000 90"))).toBeUndefined();
  });
});

describe("av1CodecString", () => {
  it.each([
    ["Main, 8 bits", "81 08 0c 00", "av01.0.08M.08"],
    ["Main, 10 bits", "81 05 4c 00", "av01.0.05M.10"],
    ["Professional, 12 bits, High tier", "81 4d ec 00", "av01.2.13H.12"],
    ["High, where twelve bits do not exist", "81 2d 6c 00", "av01.1.13M.10"],
  ])("writes %s", (_title, hex, expected) => {
    expect(av1CodecString(fromHex(hex))).toBe(expected);
  });

  it.each(["", "81 08", "01 08 0c 00"])("takes %j for no record", (hex) => {
    expect(av1CodecString(fromHex(hex))).toBeUndefined();
  });
});

describe("vp9CodecString", () => {
  it("writes profile, level and depth with two digits each", () => {
    expect(vp9CodecString({ profile: 0, level: 31, bitDepth: 8 })).toBe("vp09.00.31.08");
  });
});
