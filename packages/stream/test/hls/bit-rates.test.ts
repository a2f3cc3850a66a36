import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bitRates, type SizedSegment } from "../../src/hls/bit-rates.ts";

/** Segments of `[seconds, bytes]`, one after the other. */
function segmentsOf(...parts: (readonly [number, number])[]): SizedSegment[] {
  let startSeconds = 0;
  return parts.map(([seconds, lengthBytes]) => {
    const segment = { startSeconds, endSeconds: startSeconds + seconds, lengthBytes };
    startSeconds = segment.endSeconds;
    return segment;
  });
}

describe("The bit rates of a playlist", () => {
  test.each<[string, SizedSegment[], number, number]>([
    ["are the same for one segment", segmentsOf([4, 1000]), 2000, 2000],
    ["differ by the fullest segment", segmentsOf([4, 1000], [4, 3000]), 6000, 4000],
    ["leave out what is shorter than half of the target", segmentsOf([1, 5000], [10, 10_000]), 8000 + 2910, 10_910],
    ["count short segments together", segmentsOf([2, 2000], [3, 5000], [10, 1000]), 11_200, 4267],
    ["are nothing without segments", [], 0, 0],
    ["are nothing without time", segmentsOf([0, 1000]), 0, 0],
    ["are rounded up", segmentsOf([3, 1000]), 2667, 2667],
    ["are the average of a film shorter than half a second", segmentsOf([0.25, 1000]), 32_000, 32_000],
  ])("%s", (_, segments, peakBitsPerSecond, averageBitsPerSecond) => {
    expect(bitRates(segments)).toEqual({ peakBitsPerSecond, averageBitsPerSecond });
  });

  test("have a peak no run of segments exceeds", () => {
    const part = fc.tuple(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 0, max: 1e6 }));
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 30 }), (parts) => {
        const target = Math.max(...parts.map(([seconds]) => seconds));
        const runs = parts.flatMap((__, from) => parts.slice(from).map((___, to) => parts.slice(from, from + to + 1)));
        const rates = runs.flatMap((run) => {
          const seconds = run.reduce((sum, [length]) => sum + length, 0);
          const bytes = run.reduce((sum, [, length]) => sum + length, 0);
          return seconds < target / 2 || seconds > 1.5 * target ? [] : [(bytes * 8) / seconds];
        });
        const { peakBitsPerSecond, averageBitsPerSecond } = bitRates(segmentsOf(...parts));
        expect(peakBitsPerSecond).toBe(Math.max(Math.ceil(Math.max(...rates)), averageBitsPerSecond));
      }),
    );
  });

  test("look at no more than a hundred segments at a time", () => {
    const seconds = Array.from({ length: 20_000 }, () => [1, 1000] as const);
    expect(bitRates(segmentsOf(...seconds, [3600, 3600]))).toEqual({
      peakBitsPerSecond: 6781,
      averageBitsPerSecond: 6781,
    });
  });
});
