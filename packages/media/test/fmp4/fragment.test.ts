import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fragment, fragmentLengthBytes, type TimedSample } from "../../src/index.ts";
import { readFragment } from "./movie.ts";

function sample(dtsTicks: number, options: Partial<TimedSample> = {}): TimedSample {
  return { dtsTicks, ptsTicks: dtsTicks, durationTicks: 10, isKeyframe: true, data: new Uint8Array(4), ...options };
}

const anySamples = fc
  .array(
    fc.record({
      gapTicks: fc.constantFrom(1, 1024, 1024, 3600, 2 ** 31),
      offsetTicks: fc.constantFrom(0, 0, 0, 7200, -90),
      isKeyframe: fc.boolean(),
      data: fc.uint8Array({ maxLength: 5 }),
    }),
    { maxLength: 12 },
  )
  .chain((steps) =>
    fc.nat(2 ** 40).map((startTicks) => {
      let dtsTicks = startTicks;
      return steps.map(({ gapTicks, offsetTicks, ...others }): TimedSample => {
        const each = { dtsTicks, ptsTicks: dtsTicks + offsetTicks, durationTicks: gapTicks, ...others };
        dtsTicks += gapTicks;
        return each;
      });
    }),
  );

/** How much longer a fragment is than its samples of four bytes each. */
function overhead(samples: TimedSample[]): number {
  return fragmentLengthBytes([{ trackId: 1, samples }]) - samples.length * 4;
}

describe("fragment", () => {
  it("says what its samples are, in whatever form is the shortest", () => {
    fc.assert(
      fc.property(fc.array(anySamples, { minLength: 1, maxLength: 3 }), fc.nat(), (all, sequenceNumber) => {
        const runs = all.map((samples, index) => ({ trackId: index + 1, samples }));
        const buffers = fragment(sequenceNumber, runs);
        const filled = runs.filter(({ samples }) => samples.length > 0);
        const lengthBytes = buffers.reduce((sum, { length }) => sum + length, 0);
        expect(fragmentLengthBytes(runs)).toBe(lengthBytes);
        const expected = {
          sequenceNumber,
          lengthBytes,
          runs: new Map(filled.map((run) => [run.trackId, run.samples])),
        };
        expect(buffers.length === 0 ? undefined : readFragment(buffers)).toEqual(
          filled.length === 0 ? undefined : expected,
        );
      }),
    );
  });

  it("passes on the data it is given without copying it", () => {
    const samples = [sample(0), sample(10)];
    const [, ...data] = fragment(1, [{ trackId: 1, samples }]);
    expect(data[0]).toBe(samples[0]!.data);
    expect(data[1]).toBe(samples[1]!.data);
  });

  it("lets a sample last until the next is decoded", () => {
    const samples = [sample(5, { durationTicks: 10 }), sample(99, { durationTicks: 7 })];
    const read = readFragment(fragment(1, [{ trackId: 1, samples }])).runs.get(1)!;
    expect(read.map(({ durationTicks }) => durationTicks)).toEqual([94, 7]);
  });

  it("needs no bytes per sample where all are alike, and 8 for pictures that last alike", () => {
    const sound = Array.from({ length: 20 }, (_, index) => sample(index * 10));
    expect(overhead(sound)).toBe(overhead(sound.slice(0, 10)));
    const pictures = sound.map((each, index) => ({
      ...each,
      ptsTicks: each.dtsTicks + 20,
      isKeyframe: index === 0,
      durationTicks: 10,
      data: new Uint8Array(index),
    }));
    const bytesOf = (count: number) =>
      fragmentLengthBytes([{ trackId: 1, samples: pictures.slice(0, count) }]) - (count * (count - 1)) / 2;
    expect(bytesOf(20) - bytesOf(10)).toBe(80);
  });

  it("cuts numbers to what a fragment can hold", () => {
    const samples = [sample(0, { ptsTicks: 2 ** 40 }), sample(2 ** 40, { ptsTicks: 0 })];
    const read = readFragment(fragment(1, [{ trackId: 1, samples }])).runs.get(1)!;
    expect(read[0]).toMatchObject({ ptsTicks: 2 ** 31 - 1, durationTicks: 2 ** 32 - 1 });
    expect(read[1]!.ptsTicks - read[1]!.dtsTicks).toBe(-(2 ** 31));
  });
});
