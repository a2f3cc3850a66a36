import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { audioGridOf } from "../../src/audio-grid/audio-grid.ts";
import { audioSegments, hasPreroll, segmentFrom, sourceSpan } from "../../src/audio-grid/audio-segments.ts";
import { FRAMES, soundTrack } from "./support/sound.ts";

function gridAt(startTicks: number, rateHz = 48_000) {
  return audioGridOf(soundTrack("ac3", rateHz), [{ ptsTicks: startTicks, data: FRAMES.ac3Surround }]);
}

describe("Segments of sound", () => {
  test("start eight units before their picture, and say exactly how long they are", () => {
    const segments = audioSegments(gridAt(9984), { startSeconds: [0, 4, 8], durationSeconds: 10 });
    expect(segments.map(({ firstUnit, endUnit }) => [firstUnit, endUnit])).toEqual([
      [0, 169],
      [169, 357],
      [357, 459],
    ]);
    expect(segments.map(({ startTicks }) => startTicks)).toEqual([9984, 9984 + 169 * 1024, 9984 + 357 * 1024]);
    // The first one begins at 0, where there is no sound yet.
    expect(segments[0]!.durationSeconds).toBe((9984 + 169 * 1024) / 48_000);
    expect(segments[1]!.durationSeconds).toBe((188 * 1024) / 48_000);
  });

  test("have ends of their own for who looks for a time in them", () => {
    const grid = gridAt(9984);
    const segment = audioSegments(grid, { startSeconds: [0, 4, 8], durationSeconds: 10 })[1]!;
    const from = (seconds: number) => segmentFrom(grid, segment, seconds);
    expect(from(3)).toEqual(segment);
    const later = from(5);
    expect(later).toMatchObject({ index: 1, endUnit: 357 });
    expect(later.startTicks).toBeLessThanOrEqual(5 * 48_000);
    expect(later.startTicks).toBeGreaterThan(5 * 48_000 - 1024);
    expect(later.startTicks + later.durationSeconds * 48_000).toBe(
      segment.startTicks + segment.durationSeconds * 48_000,
    );
    expect([from(100), from(Number.POSITIVE_INFINITY)].map(({ firstUnit, endUnit }) => endUnit - firstUnit)).toEqual([
      1, 1,
    ]);
    expect(from(Number.NaN)).toEqual(segment);
  });

  test("end within half a unit of the film", () => {
    fc.assert(
      fc.property(fc.double({ min: 2, max: 10_000, noNaN: true }), fc.nat(48_000), (durationSeconds, startTicks) => {
        const segments = audioSegments(gridAt(startTicks), { startSeconds: [0], durationSeconds });
        const endSeconds = segments.reduce((sum, segment) => sum + segment.durationSeconds, 0);
        expect(Math.abs(endSeconds - durationSeconds) * 48_000).toBeLessThan(512.01);
      }),
    );
  });

  test("lie end to end and are never empty, whatever the index says", () => {
    const seconds = fc.oneof(fc.double(), fc.double({ min: 0, max: 20, noNaN: true }), fc.constant(Number.NaN));
    fc.assert(
      fc.property(
        fc.array(seconds, { maxLength: 50 }),
        seconds,
        fc.integer({ min: -5000, max: 500_000 }),
        (startSeconds, durationSeconds, start) => {
          const segments = audioSegments(gridAt(start), { startSeconds, durationSeconds });
          expect(segments).toHaveLength(Math.max(1, startSeconds.length));
          expect(segments[0]!.firstUnit).toBe(0);
          for (const [index, { firstUnit, endUnit }] of segments.entries()) {
            expect(endUnit).toBeGreaterThan(firstUnit);
            expect(firstUnit).toBe(index === 0 ? 0 : segments[index - 1]!.endUnit);
          }
        },
      ),
    );
  });

  test("of a film that claims to last for ever last two days", () => {
    const [segment] = audioSegments(gridAt(0), { startSeconds: [0], durationSeconds: Number.POSITIVE_INFINITY });
    expect(segment!.durationSeconds).toBe(48 * 3600);
  });
});

describe("The frames that a segment needs", () => {
  const grid = gridAt(0);
  const segments = audioSegments(grid, { startSeconds: [0, 4], durationSeconds: 8 });

  test("start three units and two frames before it, and end two units behind it", () => {
    const span = sourceSpan(grid, segments[1]!);
    expect([span.fromSamples, span.toSamples]).toEqual([(179 - 3) * 1024 - 2 * 1536, (375 + 2) * 1024]);
    expect([span.fromSeconds, span.toSeconds]).toEqual([span.fromSamples / 48_000, span.toSamples / 48_000]);
  });

  test("lie before the keyframe of the next segment, so that it needs nothing from there", () => {
    expect(sourceSpan(grid, segments[0]!).toSeconds).toBeLessThan(4 - 0.1);
  });

  test("count in samples of the source", () => {
    const fine = gridAt(0, 96_000);
    const [, second] = audioSegments(fine, { startSeconds: [0, 4], durationSeconds: 8 });
    expect(sourceSpan(fine, second!).fromSamples).toBe(2 * (179 - 3) * 1024 - 2 * 1536);
  });

  test.each([
    ["is there with the frame before the last possible one", 1, (179 - 3) * 1024 - 2 * 1536 + 1536, true],
    ["lacks one frame", 1, (179 - 3) * 1024 - 2 * 1536 + 1537, false],
    ["is not there at the keyframe", 1, 4 * 48_000, false],
    ["is nothing at the start of the film", 0, 0, true],
    ["may be missing at the start of the film as well", 0, 1536, false],
  ])("their pre-roll %s", (_, index, firstPositionSamples, expected) => {
    expect(hasPreroll(grid, segments[index]!, firstPositionSamples)).toBe(expected);
  });
});
