import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bytesPerSecondAt, keyIndexEntryAt } from "../src/index.ts";

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

describe("bytesPerSecondAt", () => {
  // Calm for half a minute, then busy; an entry every two seconds, with a burst in one group of pictures.
  const index = Array.from({ length: 30 }, (_, place) => ({
    timeSeconds: 2 * place,
    offsetBytes: 1000 + (place <= 15 ? place * 2_000 : 30_000 + (place - 15) * 20_000) + (place === 5 ? 1_500 : 0),
  }));
  const end = { timeSeconds: 60, offsetBytes: 1000 + 30_000 + 15 * 20_000 };

  it.each([
    { title: "the start, before the first entry", offsetBytes: 0, rate: 1_000 },
    { title: "a calm place", offsetBytes: 5_000, rate: 1_000 },
    { title: "a place in the middle of a group of pictures", offsetBytes: 6_999, rate: 1_000 },
    { title: "a busy place", offsetBytes: 100_000, rate: 10_000 },
    { title: "the last group of pictures", offsetBytes: 330_000, rate: 10_000 },
    { title: "a place behind the film", offsetBytes: 1e12, rate: 10_000 },
  ])("tells how fast the film plays at $title", ({ offsetBytes, rate }) => {
    const told = bytesPerSecondAt(index, end, offsetBytes) ?? 0;
    expect(told / rate).toBeGreaterThan(0.85);
    expect(told / rate).toBeLessThan(1.15);
  });

  it.each([
    { title: "there is no index", entries: [], last: end },
    {
      title: "the film is shorter than its index",
      entries: index.slice(-1),
      last: { timeSeconds: 58, offsetBytes: 9e9 },
    },
    {
      title: "the film ends where it begins",
      entries: index.slice(0, 1),
      last: { timeSeconds: 60, offsetBytes: 1000 },
    },
    {
      title: "the offsets go backwards",
      entries: [
        { timeSeconds: 0, offsetBytes: 5000 },
        { timeSeconds: 20, offsetBytes: 10 },
      ],
      last: end,
    },
  ])("tells nothing where $title", ({ entries, last }) => {
    expect(bytesPerSecondAt(entries, last, 0)).toBeUndefined();
  });
});
