import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { AdtsReader } from "../../src/audio-grid/adts-reader.ts";
import { bytes, fromHex } from "../support/build.ts";
import { adts } from "./support/adts.ts";

describe("Access units out of ADTS", () => {
  test("are the same however the bytes are cut", () => {
    const units = fc.array(fc.uint8Array({ maxLength: 8000 }), { maxLength: 8 });
    fc.assert(
      fc.property(units, fc.array(fc.integer({ min: 1, max: 5000 }), { minLength: 1 }), (expected, lengths) => {
        const stream = bytes(...expected.map((unit) => adts(unit)));
        const reader = new AdtsReader();
        const found: Uint8Array[] = [];
        let position = 0;
        for (let index = 0; position < stream.length; index += 1) {
          const end = position + lengths[index % lengths.length]!;
          found.push(...reader.push(stream.subarray(position, end)));
          position = end;
        }
        expect(found.map((unit) => [...unit])).toEqual(expected.map((unit) => [...unit]));
      }),
      { numRuns: 50 },
    );
  });

  test("come without the checksum", () => {
    const frame = fromHex("fff0 4c80 01bffc 1234 0102030405");
    frame[4] = 0x01;
    frame[5] = 0xdf;
    expect(new AdtsReader().push(frame).map((unit) => [...unit])).toEqual([[1, 2, 3, 4, 5]]);
  });

  test.each([
    ["no syncword", "00f14c8001bffc"],
    ["MPEG audio of another layer", "fff34c8001bffc"],
    ["a length below its header", "fff14c8000dffc"],
    ["several units in a frame", "fff14c8001bffd"],
  ])("%s is the encoder's failure", (_, hex) => {
    expect(() => new AdtsReader().push(fromHex(hex))).toThrow(expect.objectContaining({ code: "ffmpeg_failed" }));
  });
});
