import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { h264Parameters } from "../../src/codecs/h264.ts";
import { bytes, fromHex, u16 } from "../support/build.ts";

/** Records that x264 wrote, one of them by hand: `has_b_frames` of ffprobe is the depth. */
const RECORDS = [
  {
    title: "High with a pyramid",
    hex: "0164000cffe100186764000cacd941419f9f011000003e90000bb800f142996001000668eae3cb22c0fdf8f800",
    parameters: { widthPixels: 320, heightPixels: 180, reorderDepth: 2 },
  },
  {
    title: "High without B-frames",
    hex: "0164000cffe100176764000cacb60a0cfcf808800001f480005dc0078a157001000668eac3cb22c0fdf8f800",
    parameters: { widthPixels: 320, heightPixels: 180, reorderDepth: 0 },
  },
  {
    title: "4:4:4 with scaling lists and buffer parameters",
    hex: `01f4000dffe1002a67f4000d919b282a33c7c5ffe01a0019e200000300020000030064c08001e848003d09498600f142996001000868
      ebe3c44c000440fff8f800`,
    parameters: { widthPixels: 322, heightPixels: 182, reorderDepth: 2 },
  },
  {
    title: "interlaced",
    hex: `01640015ffe1001d67640015acd941433f3ffe001c001e20000003002000000643e28532c001000668fba3cb22c0fdf8f800`,
    parameters: { widthPixels: 320, heightPixels: 168, reorderDepth: 2 },
  },
  {
    title: "Baseline",
    hex: "0142c00cffe100196742c00cd901419f9f011000000300100000030320f142a48001000568cb83cb20",
    parameters: { widthPixels: 320, heightPixels: 180, reorderDepth: 0 },
  },
];

/** A record whose set has no VUI: 320×192 in macroblocks. */
function plainRecord(options: {
  profile: number;
  flags?: number;
  level: number;
  orderCountType: number;
  references?: number;
}) {
  const { profile, flags = 0, level, orderCountType, references = 1 } = options;
  const high = profile === 100 ? unsigned(1, 0, 0) + "00" : "";
  const orderCount = unsigned(orderCountType) + (orderCountType === 0 ? unsigned(0) : "");
  const bits = `${unsigned(0)}${high}${unsigned(0)}${orderCount}${unsigned(references)}0${unsigned(19, 11)}1100`;
  const payload = `${bits}1`.match(/.{1,8}/g)!.map((byte) => Number.parseInt(byte.padEnd(8, "0"), 2));
  const set = bytes(0x67, profile, flags, level, ...payload);
  return bytes(1, profile, flags, level, 0xff, 0xe1, u16(set.length), set, 0);
}

/** Exp-Golomb codes. */
function unsigned(...values: readonly number[]): string {
  return values
    .map((value) => (value + 1).toString(2))
    .map((digits) => "0".repeat(digits.length - 1) + digits)
    .join("");
}

describe("h264Parameters", () => {
  it.each(RECORDS)("reads $title", ({ hex, parameters }) => {
    expect(h264Parameters(fromHex(hex))).toMatchObject(parameters);
  });

  it.each([
    { title: "is 4 where nobody says", options: { profile: 100, level: 31, orderCountType: 0 }, depth: 4 },
    { title: "is what the level can hold", options: { profile: 100, level: 10, orderCountType: 0 }, depth: 1 },
    { title: "is 0 in Baseline", options: { profile: 66, level: 31, orderCountType: 0 }, depth: 0 },
    { title: "is 0 in output order", options: { profile: 77, level: 31, orderCountType: 2 }, depth: 0 },
    {
      title: "is 0 without references",
      options: { profile: 77, level: 31, orderCountType: 0, references: 0 },
      depth: 0,
    },
    { title: "is 0 in intra profiles", options: { profile: 100, flags: 0x10, level: 31, orderCountType: 0 }, depth: 0 },
  ])("$title: the depth", ({ options, depth }) => {
    expect(h264Parameters(plainRecord(options))).toMatchObject({
      widthPixels: 320,
      heightPixels: 192,
      reorderDepth: depth,
    });
  });

  it.each(["", "01640015ffe0", "01640015ffe1001d6764"])("finds no set in %j", (hex) => {
    expect(h264Parameters(fromHex(hex))).toBeUndefined();
  });

  it("keeps within its limits whatever the set says", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 4, maxLength: 80 }), (set) => {
        const parameters = h264Parameters(bytes(1, 0, 0, 0, 0xff, 0xe1, u16(set.length), set))!;
        expect(parameters.reorderDepth).toBeGreaterThanOrEqual(0);
        expect(parameters.reorderDepth).toBeLessThanOrEqual(16);
        expect(parameters.widthPixels).toBeGreaterThanOrEqual(0);
        expect(parameters.heightPixels).toBeGreaterThanOrEqual(0);
      }),
    );
  });
});
