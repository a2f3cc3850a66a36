import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SoundTimeline } from "../../src/index.ts";

const RATE = 48_000;

function place(
  times: readonly number[],
  options: { timescale?: number; gridTicks?: number | undefined; originTicks?: number; durationTicks?: number } = {},
): number[] {
  const { timescale = RATE, originTicks, durationTicks = 1024 } = options;
  const gridTicks = "gridTicks" in options ? options.gridTicks : 1024;
  const timeline = new SoundTimeline({ timescale, gridTicks, originTicks });
  return times.map((ticks) => timeline.place(ticks, durationTicks));
}

/** As Matroska keeps them. */
const inMilliseconds = (ticks: number, rate = RATE) => (Math.round((ticks / rate) * 1000) / 1000) * rate;

describe("SoundTimeline", () => {
  it.each([
    { title: "AAC at 48 kHz", rate: 48_000, gridTicks: 1024 },
    { title: "AAC at 44.1 kHz", rate: 44_100, gridTicks: 1024 },
    { title: "AC-3", rate: 48_000, gridTicks: 1536 },
    { title: "AAC at 44.1 kHz counted in 1/90 000 s", rate: 90_000, gridTicks: (1024 * 90_000) / 44_100 },
  ])("puts $title back on its grid, hours into a film", ({ rate, gridTicks }) => {
    const frames = [0, 1, 2, 3, 400_000, 400_001, 400_002];
    const exact = frames.map((frame) => Math.round(frame * gridTicks));
    const times = exact.map((ticks) => inMilliseconds(ticks, rate));
    expect(place(times, { timescale: rate, gridTicks, originTicks: 0 })).toEqual(exact);
  });

  it("counts the grid from the origin, though both are rounded", () => {
    const origin = 0.0214 * RATE;
    const times = [0, 1, 2, 3].map((frame) => inMilliseconds(origin + frame * 1024));
    expect(place(times, { originTicks: times[0]! })).toEqual(
      [0, 1, 2, 3].map((frame) => Math.round(times[0]! + frame * 1024)),
    );
  });

  it("keeps a gap, and lets what is behind it follow", () => {
    const gap = 1024 * 2 + 500;
    const times = [0, 1024, gap, inMilliseconds(gap + 1024), inMilliseconds(gap + 2048)];
    expect(place(times, { originTicks: 0 })).toEqual([0, 1024, gap, gap + 1024, gap + 2048]);
  });

  it("follows sound that drifts, in steps of milliseconds", () => {
    const times = Array.from({ length: 200 }, (_, frame) => 500 + frame * 1025);
    const placed = place(times, { originTicks: 0 });
    for (const [index, ticks] of placed.entries()) expect(Math.abs(ticks - times[index]!)).toBeLessThan(0.005 * RATE);
  });

  it("lets laced frames that all have the time of their block follow each other", () => {
    expect(place([0, 0, 0, 3072, 3072], { originTicks: 0 })).toEqual([0, 1024, 2048, 3072, 4096]);
  });

  it("lets frames of unknown or differing length follow each other", () => {
    const options = { gridTicks: undefined, durationTicks: 4608 };
    expect(place([0, inMilliseconds(4608), inMilliseconds(9216)], options)).toEqual([0, 4608, 9216]);
  });

  it("begins at 0 where a codec discards what comes before", () => {
    expect(place([-312, 648, 1608], { gridTicks: 120, durationTicks: 960, originTicks: -312 })).toEqual([0, 648, 1608]);
  });

  it("keeps times that are exact, but never goes back", () => {
    const timeline = new SoundTimeline({ timescale: RATE, gridTicks: 1024, originTicks: 0 });
    expect([-1024, 0, 1030, 2054].map((ticks) => timeline.keep(ticks, 1024))).toEqual([0, 1, 1030, 2054]);
  });

  it("places a frame near the grid the same whatever came before it", () => {
    const jitter = fc.integer({ min: -24, max: 24 });
    fc.assert(
      fc.property(fc.array(jitter, { minLength: 2, maxLength: 60 }), fc.nat(), (jitters, at) => {
        const times = jitters.map((ticks, frame) => frame * 1024 + ticks);
        const start = at % times.length;
        const whole = place(times, { originTicks: 0 });
        expect(place(times.slice(start), { originTicks: 0 })).toEqual(whole.slice(start));
      }),
    );
  });

  it("never goes back, whatever the times are", () => {
    const wild = fc.oneof(
      fc.integer({ min: -5000, max: 100_000 }),
      fc.double({ noNaN: true, min: -1e300, max: 1e300 }),
    );
    fc.assert(
      fc.property(fc.array(wild, { maxLength: 40 }), fc.option(fc.integer({ min: 1, max: 5000 })), (times, grid) => {
        const placed = place(times, { gridTicks: grid ?? undefined });
        for (const [index, ticks] of placed.entries()) {
          expect(Number.isSafeInteger(ticks)).toBe(true);
          expect(ticks).toBeGreaterThan(placed[index - 1] ?? -1);
        }
      }),
    );
  });
});
