import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type ByteRange, byteRange, intersectRanges, mergeRanges, rangeLength, subtractRanges } from "../src/index.ts";

describe("byteRange", () => {
  it.each([
    [0, 0],
    [3, 3],
    [0, Number.MAX_SAFE_INTEGER],
  ])("creates [%d, %d)", (start, end) => {
    expect(byteRange(start, end)).toEqual({ start, end });
    expect(rangeLength(byteRange(start, end))).toBe(end - start);
  });

  it.each([
    [-1, 1],
    [2, 1],
    [0.5, 1],
    [0, 1.5],
    [Number.NaN, 1],
    [0, Number.POSITIVE_INFINITY],
    [0, 2 ** 53],
  ])("throws RangeError for [%d, %d)", (start, end) => {
    expect(() => byteRange(start, end)).toThrow(RangeError);
    expect(() => byteRange(start, end)).toThrow(`[${start}, ${end})`);
  });
});

describe("intersectRanges", () => {
  it.each([
    { title: "overlapping", left: [0, 10], right: [5, 15], expected: { start: 5, end: 10 } },
    { title: "one inside the other", left: [0, 10], right: [3, 4], expected: { start: 3, end: 4 } },
    { title: "touching", left: [0, 10], right: [10, 15], expected: undefined },
    { title: "apart", left: [0, 10], right: [20, 25], expected: undefined },
    { title: "empty inside another", left: [0, 10], right: [5, 5], expected: undefined },
  ] as const)("tells what two ranges share that are $title", ({ left, right, expected }) => {
    expect(intersectRanges(rangeOf(left), rangeOf(right))).toEqual(expected);
    expect(intersectRanges(rangeOf(right), rangeOf(left))).toEqual(expected);
  });
});

describe("mergeRanges", () => {
  it.each([
    { title: "nothing", ranges: [], expected: [] },
    { title: "empty ranges only", ranges: [[3, 3]], expected: [] },
    {
      title: "touching ranges",
      ranges: [
        [5, 9],
        [0, 5],
      ],
      expected: [[0, 9]],
    },
    {
      title: "a range inside another",
      ranges: [
        [0, 9],
        [2, 3],
      ],
      expected: [[0, 9]],
    },
    {
      title: "ranges that are apart",
      ranges: [
        [7, 9],
        [0, 5],
      ],
      expected: [
        [0, 5],
        [7, 9],
      ],
    },
  ] as const)("merges $title", ({ ranges, expected }) => {
    expect(mergeRanges(ranges.map(rangeOf))).toEqual(expected.map(rangeOf));
  });

  it("leaves its argument as it is", () => {
    const ranges = [rangeOf([5, 9]), rangeOf([0, 5])];
    mergeRanges(ranges);
    expect(ranges).toEqual([rangeOf([5, 9]), rangeOf([0, 5])]);
  });
});

describe("subtractRanges", () => {
  it.each([
    { title: "no hole", holes: [], expected: [[10, 20]] },
    {
      title: "a hole in the middle",
      holes: [[12, 14]],
      expected: [
        [10, 12],
        [14, 20],
      ],
    },
    {
      title: "holes over both ends",
      holes: [
        [0, 12],
        [18, 30],
      ],
      expected: [[12, 18]],
    },
    { title: "a hole over everything", holes: [[0, 30]], expected: [] },
    {
      title: "holes that only touch",
      holes: [
        [0, 10],
        [20, 30],
      ],
      expected: [[10, 20]],
    },
    {
      title: "holes in any order that overlap",
      holes: [
        [13, 15],
        [11, 14],
      ],
      expected: [
        [10, 11],
        [15, 20],
      ],
    },
  ] as const)("leaves what is right around $title", ({ holes, expected }) => {
    expect(subtractRanges(rangeOf([10, 20]), holes.map(rangeOf))).toEqual(expected.map(rangeOf));
  });

  it("leaves nothing of an empty range", () => {
    expect(subtractRanges({ start: 5, end: 5 }, [])).toEqual([]);
  });
});

describe("ranges as sets of bytes", () => {
  const SPACE = 40;
  const offset = fc.integer({ min: 0, max: SPACE });
  const range = fc.tuple(offset, offset).map(([a, b]) => byteRange(Math.min(a, b), Math.max(a, b)));
  const ranges = fc.array(range, { maxLength: 8 });

  it("merging keeps the bytes and is sorted, disjoint and without empty or touching ranges", () => {
    fc.assert(
      fc.property(ranges, (list) => {
        const merged = mergeRanges(list);
        expect(bytesOf(merged)).toEqual(bytesOf(list));
        for (const { start, end } of merged) expect(start).toBeLessThan(end);
        for (const [index, later] of merged.slice(1).entries()) {
          expect(later.start).toBeGreaterThan(merged[index]!.end);
        }
      }),
    );
  });

  it("subtracting leaves the bytes that no hole covers", () => {
    fc.assert(
      fc.property(range, ranges, (whole, holes) => {
        const covered = bytesOf(holes);
        const left = subtractRanges(whole, holes);
        expect(bytesOf(left)).toEqual(bytesOf([whole]).filter((byte) => !covered.includes(byte)));
        expect(left).toEqual(mergeRanges(left));
      }),
    );
  });

  it("intersecting gives the bytes that both have", () => {
    fc.assert(
      fc.property(range, range, (left, right) => {
        const both = intersectRanges(left, right);
        const rightBytes = bytesOf([right]);
        expect(bytesOf(both === undefined ? [] : [both])).toEqual(
          bytesOf([left]).filter((b) => rightBytes.includes(b)),
        );
      }),
    );
  });

  /** The bytes that the ranges hold, each once, in order. */
  function bytesOf(list: readonly ByteRange[]): number[] {
    return Array.from({ length: SPACE }, (_, byte) => byte).filter((byte) =>
      list.some(({ start, end }) => start <= byte && byte < end),
    );
  }
});

function rangeOf([start, end]: readonly [number, number]): ByteRange {
  return { start, end };
}
