import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { hevcArrays, hevcParameters } from "../../src/codecs/hevc.ts";
import { bytes, fromHex, u16, zeros } from "../support/build.ts";

/** The starts of records that x265 wrote, their SEI left out. */
const RECORDS = [
  {
    title: "Main with a pyramid",
    hex: `0101600000009000000000003cf000fcfdf8f800000f04200001001840010c01ffff01600000030090000003000003003c959809
      210001002942010101600000030090000003000003003ca00a080b9f796566924caf01680800001f480002ee0040`,
    parameters: { widthPixels: 320, heightPixels: 180, reorderDepth: 2 },
  },
  {
    title: "Main 10 without B-frames",
    hex: `0102200000009000000000003cf000fcfdfafa00000f04200001001840010c01ffff02200000030090000003000003003c928090
      210001002e42010102200000030090000003000003003ca00a480b9c94d964a924cafff00d000cf68080000003008000000c84`,
    parameters: { widthPixels: 322, heightPixels: 182, reorderDepth: 0 },
  },
  {
    title: "two temporal layers",
    hex: `0101600000009000000000003cf000fcfdf8f800001304200001001c40010c02ffff01600000030090000003000003003c000095
      98acc048210001003342010201600000030090000003000003003c0000a00a480b9c95965662b3492657ff80680067b4040000030004
      000003006420`,
    parameters: { widthPixels: 322, heightPixels: 182, reorderDepth: 2 },
  },
];

describe("hevcParameters", () => {
  it.each(RECORDS)("reads $title", ({ hex, parameters }) => {
    expect(hevcParameters(fromHex(hex))).toMatchObject(parameters);
  });

  it("finds no set where there is none", () => {
    expect(hevcParameters(zeros(23))).toBeUndefined();
    expect(hevcParameters(bytes(zeros(22), 1, 33, u16(1), u16(9)))).toBeUndefined();
  });

  it("keeps within its limits whatever the set says", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (set) => {
        const parameters = hevcParameters(bytes(zeros(22), 1, 33, u16(1), u16(set.length), set))!;
        expect(parameters.reorderDepth).toBeLessThanOrEqual(16);
        expect(parameters.widthPixels).toBeGreaterThanOrEqual(0);
      }),
    );
  });
});

describe("hevcArrays", () => {
  it("ends at the first array that reaches beyond the end", () => {
    const whole = bytes(33, u16(1), u16(2), 0x42, 0x01);
    const record = bytes(zeros(22), 3, whole, 34, u16(2), u16(1), 0x44, u16(200));
    expect([...hevcArrays(record)]).toEqual([{ nalUnitType: 33, offsetBytes: 23, nalUnits: [fromHex("4201")] }]);
  });
});
