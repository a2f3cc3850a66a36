import * as fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { type KeyIndex, planSegments, type SegmentPlan, segmentAt, segmentLengthBytes } from "../src/index.ts";

/** An index whose entries lie 1000 bytes apart, behind a head of 500 bytes. */
const indexAt = (...times: number[]): KeyIndex =>
  times.map((timeSeconds, position) => ({ timeSeconds, offsetBytes: 500 + position * 1000 }));
/** Where a plan cuts, with both ends. */
const cutsOf = (plan: SegmentPlan): number[] => [plan[0].startSeconds, ...plan.map(({ endSeconds }) => endSeconds)];

describe("A film is cut", () => {
  test.each<[string, number[], number, number[]]>([
    ["at each keyframe", [0, 4, 8.5], 10, [0, 4, 8.5, 10]],
    ["from time 0, though its first keyframe is later", [0.067, 4], 10, [0, 4, 10]],
    ["not at its first keyframe, before which nothing may lie", [3, 6], 10, [0, 6, 10]],
    ["exactly a second apart", [0, 1, 2], 3, [0, 1, 2, 3]],
    ["not within a second of the cut before", [0, 0.5, 0.9, 1.2, 2.1, 2.2], 5, [0, 1.2, 2.2, 5]],
    ["not in its last second", [0, 4, 9.5], 10, [0, 4, 10]],
    ["not beyond its end", [0, 4, 12, 20], 10, [0, 4, 10]],
    ["once, where keyframes share a time", [0, 4, 4, 4], 10, [0, 4, 10]],
    ["not at times that are none", [Number.NaN, 4, Number.POSITIVE_INFINITY], 10, [0, 4, 10]],
    ["not before its start", [-5, -1, 0, 4], 10, [0, 4, 10]],
    ["not at all without keyframes", [], 10, [0, 10]],
    ["not at all, if it is short", [0, 0.2, 0.4], 0.6, [0, 0.6]],
  ])("%s", (_, times, durationSeconds, expected) => {
    expect(cutsOf(planSegments(indexAt(...times), durationSeconds))).toEqual(expected);
  });

  it("into stretches from entry to entry, from the first packet to the last", () => {
    const index = indexAt(0, 4, 8.5);
    expect(planSegments(index, 10).map(({ number, stretch }) => ({ number, ...stretch }))).toEqual([
      { number: 0, from: undefined, to: index[1] },
      { number: 1, from: index[1], to: index[2] },
      { number: 2, from: index[2], to: undefined },
    ]);
  });

  it("into longer segments, if they are asked for", () => {
    expect(cutsOf(planSegments(indexAt(0, 2, 4, 6, 8, 10), 12, { shortestSeconds: 6 }))).toEqual([0, 6, 12]);
  });

  it("never back in the file, which damage and attackers ask for", () => {
    const index = [
      { timeSeconds: 0, offsetBytes: 500 },
      { timeSeconds: 2, offsetBytes: 100 },
      { timeSeconds: 4, offsetBytes: 9000 },
      { timeSeconds: 6, offsetBytes: 9000 },
      { timeSeconds: 8, offsetBytes: Number.NaN },
      { timeSeconds: 9, offsetBytes: 9001 },
    ];
    expect(cutsOf(planSegments(index, 12))).toEqual([0, 4, 9, 12]);
  });

  test.each([0, -1, Number.NaN])("not, if it plays for %d seconds", (durationSeconds) => {
    expect(() => planSegments(indexAt(0, 4), durationSeconds)).toThrow(
      expect.objectContaining({ code: "damaged_media" }) as Error,
    );
  });

  it("at the latest after ten thousand hours", () => {
    expect(planSegments(indexAt(0, 4), Number.POSITIVE_INFINITY).at(-1)?.endSeconds).toBe(36_000_000);
  });

  it("into few segments, however many keyframes it has", () => {
    const everyFrame = indexAt(...Array.from({ length: 100_000 }, (_, frame) => frame / 2));
    const plan = planSegments(everyFrame, 1e6);
    expect(plan.length).toBeGreaterThan(10_000);
    expect(plan.length).toBeLessThanOrEqual(20_000);
    expect(plan[1]?.startSeconds).toBe(3);
  });

  it("without gaps and overlaps, into segments of a second or more, whatever the index says", () => {
    const number = fc.oneof(fc.double({ min: -10, max: 200, noNaN: true }), fc.double());
    const entry = fc.record({ timeSeconds: number, offsetBytes: number });
    fc.assert(
      fc.property(
        fc.array(entry, { maxLength: 60 }),
        fc.double({ min: 0.001, max: 150, noNaN: true }),
        (index, end) => {
          const plan = planSegments(index, end);
          expect(plan[0]).toMatchObject({ startSeconds: 0, stretch: { from: undefined } });
          expect(plan.at(-1)).toMatchObject({ endSeconds: end, stretch: { to: undefined } });
          for (const [position, segment] of plan.entries()) {
            const next = plan[position + 1];
            expect(segment.number).toBe(position);
            expect(segment.endSeconds).toBe(next?.startSeconds ?? end);
            expect(segment.stretch.to).toBe(next?.stretch.from);
            expect(segment.endSeconds - segment.startSeconds).toBeGreaterThanOrEqual(Math.min(1, end));
            expect([undefined, ...index]).toContain(segment.stretch.from);
          }
          const offsets = plan.slice(1).map(({ stretch }) => stretch.from!.offsetBytes);
          expect(offsets).toEqual([...new Set(offsets)].sort((a, b) => a - b));
        },
      ),
    );
  });
});

describe("The segment at a time", () => {
  const plan = planSegments(indexAt(0, 4, 8.5), 10);

  test.each([
    [-1, 0],
    [0, 0],
    [3.999, 0],
    [4, 1],
    [8.5, 2],
    [10, 2],
    [1e9, 2],
    [Number.NaN, 0],
  ])("%d s is number %d", (timeSeconds, number) => {
    expect(segmentAt(plan, timeSeconds).number).toBe(number);
  });
});

describe("The bytes of a segment", () => {
  it("reach from its keyframe to the next one, or to the ends of the media", () => {
    const plan = planSegments(indexAt(0, 4, 8.5), 10);
    expect(plan.map((segment) => segmentLengthBytes(segment, { start: 400, end: 5000 }))).toEqual([1100, 1000, 2500]);
  });

  it("are none, if the index lies about the file", () => {
    const [, last] = planSegments(indexAt(0, 4), 10);
    expect(segmentLengthBytes(last!, { start: 0, end: 1000 })).toBe(0);
  });
});
