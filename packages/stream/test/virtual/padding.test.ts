import { describe, expect, test } from "vitest";
import { padFragment } from "../../src/virtual/padding.ts";

describe("padFragment", () => {
  test("puts zeros at the end of the mdat", () => {
    const header = Uint8Array.from([1, 2, 0, 0, 0, 10, ...Buffer.from("mdat")]);
    const padded = Buffer.concat(padFragment([header, Uint8Array.of(8, 9)], 200_000));
    expect(padded.length).toBe(200_000);
    expect(padded.readUInt32BE(2)).toBe(10 + 200_000 - 12);
    expect([...padded.subarray(6, 12)]).toEqual([...Buffer.from("mdat"), 8, 9]);
    expect(padded.subarray(12).every((byte) => byte === 0)).toBe(true);
  });

  test("adds nothing to a fragment that is long enough", () => {
    const header = Uint8Array.from([0, 0, 0, 8, ...Buffer.from("mdat")]);
    expect(padFragment([header], 8)).toEqual([header]);
  });

  test("is a free box without samples", () => {
    const padding = Buffer.concat(padFragment([], 100_000));
    expect([padding.length, padding.readUInt32BE(0), padding.toString("latin1", 4, 8)]).toEqual([
      100_000,
      100_000,
      "free",
    ]);
  });
});
