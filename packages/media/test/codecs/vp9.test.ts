import { describe, expect, it } from "vitest";
import { vp9Level, vp9Parameters } from "../../src/codecs/vp9.ts";
import { bytes, fromHex } from "../support/build.ts";

const SIZE = { widthPixels: 320, heightPixels: 180 };

describe("vp9Parameters", () => {
  it.each([
    {
      title: "profile 0",
      hex: "824983420013f00b360638241c184a000ce05fcd",
      parameters: { profile: 0, bitDepth: 8, chromaSubsampling: 1, isFullRange: false, matrixCoefficients: 2 },
    },
    {
      title: "4:4:4",
      hex: "a249834200027e0166c0c7048383094001e85fcd",
      parameters: { profile: 1, bitDepth: 8, chromaSubsampling: 3, isFullRange: false, matrixCoefficients: 2 },
    },
    {
      title: "10 bits of BT.709, full range",
      hex: "924983422809f8059b031c120e0c2c0005d05fc9",
      parameters: { profile: 2, bitDepth: 10, chromaSubsampling: 1, isFullRange: true, matrixCoefficients: 1 },
    },
  ])("reads a keyframe of $title that libvpx wrote", ({ hex, parameters }) => {
    expect(vp9Parameters(fromHex(hex))).toEqual({ ...parameters, ...SIZE });
  });

  it("reads RGB", () => {
    // Marker 10, profile 1 (low bit first), 0 0 1 0; sync code; colour space 7, reserved; sizes less one.
    const header = bytes(0b10100010, 0x49, 0x83, 0x42, 0b1110_0000, 0x00, 0xf0, 0x01, 0x30);
    expect(vp9Parameters(header)).toEqual({
      profile: 1,
      bitDepth: 8,
      chromaSubsampling: 3,
      isFullRange: true,
      matrixCoefficients: 0,
      widthPixels: 16,
      heightPixels: 20,
    });
  });

  it.each(["", "8649834200", "8849834200", "8249834300", "42498342"])("takes %j for no keyframe", (hex) => {
    expect(vp9Parameters(fromHex(hex))).toBeUndefined();
  });
});

describe("vp9Level", () => {
  it.each([
    [256, 144, 15, 10],
    [1280, 720, 30, 31],
    [1920, 1080, 30, 40],
    [1920, 1080, 60, 41],
    [3840, 2160, 24, 50],
    [3840, 2160, 60, 51],
    [65_535, 65_535, 60, 62],
  ])("of %i×%i at %i is %i", (widthPixels, heightPixels, framesPerSecond, level) => {
    expect(vp9Level(widthPixels, heightPixels, framesPerSecond)).toBe(level);
  });
});
