import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Packet, PictureTimeline, pictureTimingOf, type TimedSample } from "../../src/index.ts";
import { AVC_RECORD, packet, pictureTrack } from "./coded.ts";

const FRAME = 3600;
const DEPTH_2 = { depth: 2, nominalTicks: FRAME, delayTicks: 2 * FRAME + 90 };

/** Pictures in decoding order, by the number of each in output order; negative: before the keyframe. */
function group(startTicks: number, order: readonly number[]): Packet[] {
  return order.map((place, index) => packet(1, startTicks + place * FRAME, { isKeyframe: index === 0 }));
}

function timed(packets: readonly Packet[], timing = DEPTH_2): TimedSample[] {
  const timeline = new PictureTimeline(timing);
  return [...packets.flatMap((each) => timeline.push(each)), ...timeline.finish()];
}

const dts = (samples: readonly TimedSample[]) => samples.map(({ dtsTicks }) => dtsTicks);
const offsets = (samples: readonly TimedSample[]) => samples.map(({ ptsTicks, dtsTicks }) => ptsTicks - dtsTicks);

const PYRAMID = [0, 4, 2, 1, 3, 8, 6, 5, 7];

describe("PictureTimeline", () => {
  it("gives each picture the time of its place in output order, less the delay", () => {
    const samples = timed(group(90_000, PYRAMID));
    expect(dts(samples)).toEqual(PYRAMID.map((_, place) => 90_000 + place * FRAME - 7290));
    expect(samples.map(({ durationTicks }) => durationTicks)).toEqual(PYRAMID.map(() => FRAME));
    expect(samples.map(({ ptsTicks }) => ptsTicks)).toEqual(PYRAMID.map((place) => 90_000 + place * FRAME));
  });

  it("lets time pass slowly at the start of a film, where it would be before 0", () => {
    expect(dts(timed(group(0, PYRAMID)))).toEqual([0, 56, 57, 3510, 7110, 10_710, 14_310, 17_910, 21_510]);
  });

  it("looks no further ahead than the depth, and one picture for the duration", () => {
    const timeline = new PictureTimeline(DEPTH_2);
    expect(group(0, PYRAMID).map((each) => timeline.push(each).length)).toEqual([0, 0, 0, 1, 1, 1, 1, 1, 1]);
    expect(timeline.waitingBytes).toBe(3 * 16);
    expect(timeline.finish()).toHaveLength(3);
    expect(timeline.finish()).toEqual([]);
    expect(timeline.waitingBytes).toBe(0);
  });

  it("starts at a keyframe's leading pictures", () => {
    const samples = timed(group(90_000, [2, 0, 1, 6, 4, 3, 5]));
    expect(dts(samples)[0]).toBe(90_000 - 7290);
    expect(offsets(samples).every((offset) => offset >= 0)).toBe(true);
  });

  it("keeps offsets at 0 or above where pictures come slower than their track says", () => {
    const gaps = fc.array(fc.integer({ min: 100, max: 40 * FRAME }), {
      minLength: PYRAMID.length,
      maxLength: PYRAMID.length,
    });
    fc.assert(
      fc.property(gaps, fc.nat(90_000), (gapTicks, startTicks) => {
        const shownTicks = gapTicks.map((_, place) =>
          gapTicks.slice(0, place).reduce((sum, gap) => sum + gap, startTicks),
        );
        const samples = timed(
          PYRAMID.map((place, index) => packet(1, shownTicks[place]!, { isKeyframe: index === 0 })),
        );
        expect(Math.min(...offsets(samples))).toBeGreaterThanOrEqual(0);
        expectIncreasing(samples);
      }),
    );
  });

  it("goes below 0 with offsets, never back in time, where more is reordered than the stream admits", () => {
    const samples = timed(group(90_000, PYRAMID), { depth: 0, nominalTicks: FRAME, delayTicks: 0 });
    expect(Math.min(...offsets(samples))).toBeLessThan(0);
    expect(dts(samples)).toEqual([...dts(samples)].sort((a, b) => a - b));
  });

  it("keeps the decoding times that packets bring, and moves only those before 0", () => {
    const packets = PYRAMID.map((place, index) =>
      packet(1, place * FRAME, { dtsTicks: (index - 2) * FRAME, isKeyframe: index === 0 }),
    );
    const samples = timed(packets);
    expect(dts(samples)).toEqual([0, 1, 2, 3600, 7200, 10_800, 14_400, 18_000, 21_600]);
    expect(samples.map(({ ptsTicks }) => ptsTicks)).toEqual(PYRAMID.map((place) => place * FRAME));
  });

  it.each([
    { title: "as long as it says", durationTicks: 900, last: 900 },
    { title: "as long as pictures are", durationTicks: undefined, last: FRAME },
  ])("lets the last picture last $title", ({ durationTicks, last }) => {
    const packets = group(0, [0, 1, 2]).map((each) => ({ ...each, durationTicks }));
    expect(timed(packets).at(-1)?.durationTicks).toBe(last);
  });

  it("lets the last picture last no longer than the one before it, if nobody says", () => {
    const packets = [0, 1500, 3000, 4500].map((ticks, index) => packet(1, ticks, { isKeyframe: index === 0 }));
    expect(timed(packets).at(-1)?.durationTicks).toBe(1500);
  });

  it("keeps its order for times that no film has", () => {
    const wild = fc.oneof(fc.integer(), fc.double({ noNaN: true, min: -1e300, max: 1e300 }));
    fc.assert(
      fc.property(fc.array(fc.tuple(wild, fc.boolean()), { maxLength: 40 }), (pictures) => {
        const samples = timed(pictures.map(([ticks, isKeyframe]) => packet(1, ticks, { isKeyframe })));
        expect(samples).toHaveLength(pictures.length);
        expectIncreasing(samples);
      }),
    );
  });

  it("gives a stretch the same times however it is entered", () => {
    fc.assert(
      fc.property(fc.array(mixedGroup(), { minLength: 1, maxLength: 6 }), fc.nat(), (groups, at) => {
        const packets = filmOf(groups);
        const whole = timed(packets);
        expectIncreasing(whole);
        expect(Math.min(...offsets(whole))).toBeGreaterThanOrEqual(0);
        const starts = packets.flatMap((each, index) => (each.isKeyframe ? [index] : []));
        const start = starts[at % starts.length]!;
        expect(timed(packets.slice(start))).toEqual(whole.slice(start));
        const before = timed(packets.slice(0, start));
        expect(before.slice(0, -1)).toEqual(whole.slice(0, Math.max(0, start - 1)));
        expect(dts(before)).toEqual(dts(whole.slice(0, start)));
      }),
    );
  });
});

/** A group of pictures with up to two reordered, and with or without leading pictures. */
function mixedGroup(): fc.Arbitrary<{
  readonly pyramids: number;
  readonly leading: number;
  readonly jitter: readonly number[];
}> {
  return fc.record({
    pyramids: fc.integer({ min: 0, max: 4 }),
    leading: fc.constantFrom(0, 1, 2),
    jitter: fc.array(fc.integer({ min: -45, max: 45 }), { minLength: 24, maxLength: 24 }),
  });
}

/** Times are rounded to milliseconds, as in Matroska. */
function filmOf(groups: readonly { pyramids: number; leading: number; jitter: readonly number[] }[]): Packet[] {
  let next = 0;
  return groups.flatMap(({ pyramids, leading, jitter }, index) => {
    const before = index === 0 ? 0 : leading;
    const leadingOrder = Array.from({ length: before }, (_, place) => place);
    const order = [
      before,
      ...leadingOrder,
      ...Array.from({ length: pyramids }, (_, k) => [4, 2, 1, 3].map((p) => before + 4 * k + p)).flat(),
    ];
    const start = next;
    next += order.length;
    return order.map((place, k) =>
      packet(1, Math.max(0, (start + place) * FRAME + (jitter[k] ?? 0)), { isKeyframe: k === 0 }),
    );
  });
}

function expectIncreasing(samples: readonly TimedSample[]): void {
  for (const [index, sample] of samples.entries()) {
    expect(Number.isSafeInteger(sample.dtsTicks)).toBe(true);
    expect(sample.dtsTicks).toBeGreaterThan(samples[index - 1]?.dtsTicks ?? -1);
    expect(sample.durationTicks).toBeGreaterThanOrEqual(1);
  }
}

describe("pictureTimingOf", () => {
  it.each([
    { codec: "h264", configuration: AVC_RECORD, depth: 2 },
    { codec: "h264", configuration: new Uint8Array(0), depth: 4 },
    { codec: "hevc", configuration: new Uint8Array(23), depth: 4 },
    { codec: "av1", configuration: new Uint8Array(0), depth: 0 },
    { codec: "vp9", configuration: new Uint8Array(0), depth: 0 },
    { codec: "vp8", configuration: new Uint8Array(0), depth: 0 },
  ] as const)("looks $depth pictures ahead in $codec", ({ codec, configuration, depth }) => {
    const timing = pictureTimingOf(pictureTrack(codec, { configuration }));
    expect(timing).toEqual({ depth, nominalTicks: FRAME, delayTicks: depth === 0 ? 0 : depth * FRAME + 90 });
  });

  it("takes the frame rate where packets do not tell their length", () => {
    expect(pictureTimingOf(pictureTrack("vp9", { packetTicks: undefined, timescale: 1000 })).nominalTicks).toBe(40);
  });
});
