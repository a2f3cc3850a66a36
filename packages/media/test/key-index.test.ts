import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { keyIndexEntryAt } from "../src/index.ts";

const INDEX = [
  { timeSeconds: 0.067, offsetBytes: 500 },
  { timeSeconds: 4, offsetBytes: 9_000 },
  { timeSeconds: 8.5, offsetBytes: 20_000 },
];

describe("keyIndexEntryAt", () => {
  it.each([
    { at: 0, offsetBytes: 500, title: "the first entry for a time before all" },
    { at: 3.999, offsetBytes: 500, title: "the entry before a time between two" },
    { at: 4, offsetBytes: 9_000, title: "the entry at its own time" },
    { at: 1e9, offsetBytes: 20_000, title: "the last entry for a time behind all" },
  ])("gives $title", ({ at, offsetBytes }) => {
    expect(keyIndexEntryAt(INDEX, at)?.offsetBytes).toBe(offsetBytes);
  });

  it("gives nothing from an empty index", () => {
    expect(keyIndexEntryAt([], 3)).toBeUndefined();
  });

  it("agrees with a linear search", () => {
    const times = fc.array(fc.double({ min: 0, max: 100, noNaN: true }), { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(times, fc.double({ min: 0, max: 110, noNaN: true }), (unsorted, at) => {
        const index = [...unsorted]
          .sort((a, b) => a - b)
          .map((timeSeconds, offsetBytes) => ({ timeSeconds, offsetBytes }));
        expect(keyIndexEntryAt(index, at)).toEqual(index.findLast(({ timeSeconds }) => timeSeconds <= at) ?? index[0]);
      }),
    );
  });
});
