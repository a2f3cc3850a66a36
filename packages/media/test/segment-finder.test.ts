import * as fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { FOUND_SEGMENT_LIMIT_SECONDS, type Segment, SegmentFinder, type WalkedPlace } from "../src/index.ts";

const KINDS = { k: "keyframe", c: "clean", p: "passed", e: "end" } as const;

/** Places as `k4.5`, 1000 bytes apart, behind a head of 500 bytes. */
const placesOf = (words: string): WalkedPlace[] =>
  words.split(" ").map((word, position) => ({
    kind: KINDS[word[0] as keyof typeof KINDS],
    timeSeconds: Number(word.slice(1)),
    offsetBytes: 500 + position * 1000,
  }));

const find = (places: readonly WalkedPlace[], finder = new SegmentFinder()): Segment[] =>
  places.flatMap((place) => finder.push(place));

const cutsOf = (segments: readonly Segment[]): number[] => segments.map(({ endSeconds }) => endSeconds);

const walkOf = (steps: readonly { kind: WalkedPlace["kind"]; stepSeconds: number }[]): WalkedPlace[] => {
  let timeSeconds = 0;
  const places = steps.map(({ kind, stepSeconds }, position): WalkedPlace => {
    timeSeconds += stepSeconds;
    return { kind, timeSeconds, offsetBytes: 500 + position * 1000 };
  });
  return [...places, { kind: "end", timeSeconds: timeSeconds + 0.04, offsetBytes: 500 + 1000 * places.length }];
};

describe("A film that is read is cut", () => {
  test.each<[string, string, number[]]>([
    ["at each keyframe, and ends where its last packet does", "k0 k4 k8.5 e10.02", [4, 8.5, 10.02]],
    ["not at its first keyframe, wherever it lies", "k0.067 k4 e9", [4, 9]],
    ["not within a second of the cut before", "k0 k0.5 k1 k1.9 k2.1 e4", [1, 2.1, 4]],
    ["not where decoding cannot start, as long as keyframes come", "k0 c2 c4 k11 c13 e15", [11, 15]],
    ["where nothing is seen of it, if no keyframe comes in time", "k0 c2 p4 c9 p11 c13 k20 e22", [9, 20, 22]],
    ["there at its end too", "k0 c2 c9 e14", [9, 14]],
    ["at the first place there is, if none came in time", "k0 p5 p13 c14 k16 e18", [14, 16, 18]],
    ["at a keyframe that comes too late", "k0 p5 p13 k14 e16", [14, 16]],
    ["at both, if the keyframe comes behind the place that had to do", "k0 c10 k13 e14", [10, 13, 14]],
    ["not where time goes back", "k0 k4 k2 k3 k5 e6", [4, 5, 6]],
    ["not at times that are none", "k0 kNaN k4 e6", [4, 6]],
    ["not at all, if it is short", "k0 e0.6", [0.6]],
    ["into a last segment that lasts for some time, come what may", "k0 k4 e3", [4, 4.001]],
  ])("%s", (_, words, expected) => {
    expect(cutsOf(find(placesOf(words)))).toEqual(expected);
  });

  test("into stretches from place to place, from the first packet to the last", () => {
    const places = placesOf("k0 k4 k8 e10");
    const [, second, third] = places.map(({ timeSeconds, offsetBytes }) => ({ timeSeconds, offsetBytes }));
    expect(find(places)).toEqual([
      { number: 0, startSeconds: 0, endSeconds: 4, stretch: { from: undefined, to: second } },
      { number: 1, startSeconds: 4, endSeconds: 8, stretch: { from: second, to: third } },
      { number: 2, startSeconds: 8, endSeconds: 10, stretch: { from: third, to: undefined } },
    ]);
  });

  test("as soon as it is known where", () => {
    const finder = new SegmentFinder();
    expect(placesOf("k0 k4 c6 p17 k18").map((place) => cutsOf(finder.push(place)))).toEqual([[], [4], [], [6], [18]]);
  });

  test("less finely after three hours, and into few segments whatever it says", () => {
    const everySecond = Array.from({ length: 200_000 }, (_, second) => `k${second}`).join(" ");
    const segments = find(placesOf(`${everySecond} e200000`));
    expect(segments).toHaveLength(20_000);
    expect([segments[9_999]?.endSeconds, segments[10_000]?.endSeconds]).toEqual([10_000, 10_006]);
    expect(segments.at(-1)?.stretch.to).toBeUndefined();
  });

  const words = fc.array(
    fc.record({
      kind: fc.constantFrom("keyframe", "clean", "passed"),
      stepSeconds: fc.double({ min: 0.04, max: 6, noNaN: true }),
    }),
    { minLength: 1, maxLength: 80 },
  );
  it("the same, wherever whoever reads it breaks off and goes on", () => {
    fc.assert(
      fc.property(words, fc.infiniteStream(fc.nat({ max: 5 })), (steps, breaks) => {
        const places = walkOf(steps);
        const whole = find(places);
        const parts: Segment[] = [];
        while (parts.at(-1)?.stretch.to !== undefined || parts.length === 0) {
          const last = parts.at(-1);
          const rest = places.filter(({ offsetBytes }) => offsetBytes >= (last?.stretch.to?.offsetBytes ?? 0));
          const finder = new SegmentFinder(last);
          const count = parts.length + 1 + (breaks.next().value ?? 0);
          for (const place of rest) if (parts.length < count) parts.push(...finder.push(place));
        }
        expect(parts).toEqual(whole);
      }),
    );
  });

  it("without gaps, and into no segment that is too long while there is a place to cut it", () => {
    fc.assert(
      fc.property(words, (steps) => {
        const places = walkOf(steps);
        const segments = find(places);
        for (const [number, { startSeconds, endSeconds, stretch }] of segments.entries()) {
          const before = segments[number - 1];
          expect([startSeconds, stretch.from]).toEqual([before?.endSeconds ?? 0, before?.stretch.to]);
          expect(endSeconds).toBeGreaterThan(startSeconds);
          if (endSeconds - startSeconds <= FOUND_SEGMENT_LIMIT_SECONDS) continue;
          const between = places.filter(
            ({ kind, timeSeconds }) =>
              kind !== "passed" &&
              timeSeconds - startSeconds >= 1 &&
              timeSeconds - startSeconds <= FOUND_SEGMENT_LIMIT_SECONDS &&
              timeSeconds < endSeconds,
          );
          expect(between).toEqual([]);
        }
      }),
    );
  });
});
