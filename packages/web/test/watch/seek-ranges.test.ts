import { expect, test } from "vitest";
import { endOfAvailable, rangesOnBar } from "../../src/watch/seek-ranges.ts";

test("Ranges lie on a bar where they lie in the film, and never outside of it", () => {
  const ranges = [
    { startSeconds: -5, endSeconds: 10 },
    { startSeconds: 50, endSeconds: 120 },
    { startSeconds: 130, endSeconds: 140 },
  ];
  expect(rangesOnBar(ranges, 100)).toEqual([
    { fromShare: 0, widthShare: 0.1 },
    { fromShare: 0.5, widthShare: 0.5 },
  ]);
});

test("Ranges are joined where nobody could see a gap, so that there are never more than the bar can show", () => {
  const many = Array.from({ length: 10_000 }, (_, index) => ({ startSeconds: index, endSeconds: index + 0.5 }));
  expect(rangesOnBar(many, 10_000)).toEqual([{ fromShare: 0, widthShare: 0.999_95 }]);
  const apart = many.map(({ startSeconds }) => ({
    startSeconds: startSeconds * 30,
    endSeconds: startSeconds * 30 + 1,
  }));
  expect(rangesOnBar(apart, 300_000).length).toBeLessThanOrEqual(401);
});

test("A film of unknown length has no places", () => {
  const range = { startSeconds: 0, endSeconds: 1 };
  expect([Number.NaN, 0, Number.POSITIVE_INFINITY].map((length) => rangesOnBar([range], length))).toEqual([[], [], []]);
});

test("What is there from a position on ends with its range", () => {
  const ranges = [
    { startSeconds: 0, endSeconds: 10 },
    { startSeconds: 20, endSeconds: 30 },
  ];
  expect([5, 10, 15, 20].map((seconds) => endOfAvailable(ranges, seconds))).toEqual([10, 10, 15, 30]);
});
