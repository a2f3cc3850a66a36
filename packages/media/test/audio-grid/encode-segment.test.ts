import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { SILENT_UNIT } from "../../src/audio-grid/aac-output.ts";
import { type AudioGrid, audioGridOf, type GridFrame } from "../../src/audio-grid/audio-grid.ts";
import { type AudioSegment, audioSegments, sourceSpan } from "../../src/audio-grid/audio-segments.ts";
import { type AudioEncoder, type AudioEncoderJob, encodeSegment } from "../../src/audio-grid/encode-segment.ts";
import { elementHeaderAt, elementsOf, unsignedInteger } from "../../src/matroska/ebml.ts";
import { ElementId } from "../../src/matroska/element-ids.ts";
import { bytes } from "../support/build.ts";
import { adts } from "./support/adts.ts";
import { FRAMES, soundTrack } from "./support/sound.ts";

const FRAME_SAMPLES = 1536;
const grid = audioGridOf(soundTrack("ac3"), [{ ptsTicks: 0, data: FRAMES.ac3Surround }]);
const segments = audioSegments(grid, { startSeconds: [0, 4, 8, 12], durationSeconds: 16 });
const second = segments[1]!;

/** Frames [from, to) of the film. */
function film(from: number, to: number, data: Uint8Array = FRAMES.ac3Surround): GridFrame[] {
  return Array.from({ length: to - from }, (_, index) => ({ positionSamples: (from + index) * FRAME_SAMPLES, data }));
}
const WHOLE = film(0, 500);

/**
 * Stands for ffmpeg: decodes nothing, but reads the times. Its units carry the time at which they play, in units from time 0 of
 * the envelope on, and come as soon as it has seen three units more, as with the real one.
 */
class TimingEncoder implements AudioEncoder {
  readonly jobs: { readonly timesMicroseconds: number[]; isEnded: boolean }[] = [];

  async encode({ input, signal }: AudioEncoderJob): Promise<AsyncIterable<Uint8Array>> {
    const job: (typeof this.jobs)[number] = { timesMicroseconds: [], isEnded: false };
    this.jobs.push(job);
    return (async function* () {
      try {
        let unit = 0;
        let seenUnits = 0;
        for await (const chunk of input(signal)) {
          const times = timesOf(chunk);
          job.timesMicroseconds.push(...times);
          const last = times.at(-1);
          if (last !== undefined) seenUnits = ((last / 1e6 - 10) * 48_000 + FRAME_SAMPLES) / 1024;
          const ready: Uint8Array[] = [];
          for (; unit + 2 <= seenUnits; unit += 1) ready.push(adts(Uint8Array.of(unit >> 8, unit & 255)));
          if (ready.length > 0) yield bytes(...ready);
        }
        for (; unit <= seenUnits + 1; unit += 1) yield adts(Uint8Array.of(unit >> 8, unit & 255));
      } finally {
        job.isEnded = true;
      }
    })();
  }
}

/** Times of the clusters in a piece of an envelope; those of the header are none. */
function timesOf(chunk: Uint8Array): number[] {
  const times: number[] = [];
  if (elementHeaderAt(chunk, 0)!.id !== ElementId.cluster) return times;
  for (let position = 0; position < chunk.length; ) {
    const content = chunk.subarray(position + elementHeaderAt(chunk, position)!.headerLengthBytes);
    const [timestamp, block] = elementsOf(content);
    times.push(unsignedInteger(timestamp!.content)!);
    position += chunk.length - position - content.length + 13 + 5 + block!.content.length;
  }
  return times;
}

async function encoded(frames: readonly GridFrame[], segment: AudioSegment = second, batch = 10, on: AudioGrid = grid) {
  const encoder = new TimingEncoder();
  const { signal } = new AbortController();
  const source = recorded(frames, batch);
  const units = [];
  for await (const some of encodeSegment({ grid: on, segment, frames: source.open, encoder, signal })) {
    expect(some.length).toBeGreaterThan(0);
    units.push(...some);
  }
  return { units, encoder, source };
}

/** A source that records how far it was read, and whether it was let go. */
function recorded(frames: readonly GridFrame[], batch: number) {
  const state = { readFrames: 0, isClosed: false };
  async function* open(): AsyncGenerator<readonly GridFrame[]> {
    try {
      for (let index = 0; index < frames.length; index += batch) {
        state.readFrames = Math.min(frames.length, index + batch);
        yield frames.slice(index, index + batch);
      }
    } finally {
      state.isClosed = true;
    }
  }
  return { state, open };
}

const numberOf = (data: Uint8Array): number => data[0]! * 256 + data[1]!;
const isSilent = ({ data }: { data: Uint8Array }): boolean => Buffer.compare(data, SILENT_UNIT) === 0;

describe("A segment", () => {
  test("has exactly its units, in their places, without those that only warm up", async () => {
    const { units } = await encoded(WHOLE);
    expect(units.map(({ dtsTicks }) => dtsTicks)).toEqual(
      Array.from({ length: second.endUnit - second.firstUnit }, (_, index) => second.startTicks + 1024 * index),
    );
    expect(units.every(({ durationTicks }) => durationTicks === 1024)).toBe(true);
    // Three units of warm-up, and the one that an encoder puts before its first sample.
    expect(units.map(({ data }) => numberOf(data))).toEqual(units.map((_, index) => index + 4));
  });

  test("is made of the same input, wherever reading begins and however it is cut", async () => {
    const expected = (await encoded(WHOLE)).encoder.jobs[0]!.timesMicroseconds;
    const { fromSamples, toSamples } = sourceSpan(grid, second);
    const needed = WHOLE.filter(({ positionSamples }) => positionSamples > fromSamples && positionSamples < toSamples);
    expect(expected).toHaveLength(needed.length);
    const start = fc.nat(WHOLE.indexOf(needed[0]!));
    await fc.assert(
      fc.asyncProperty(start, fc.integer({ min: 1, max: 50 }), async (from, batch) => {
        const { encoder } = await encoded(WHOLE.slice(from), second, batch);
        expect(encoder.jobs[0]!.timesMicroseconds).toEqual(expected);
      }),
      { numRuns: 30 },
    );
  });

  test("has its first unit's warm-up at ten seconds of the envelope", async () => {
    const { encoder } = await encoded(WHOLE);
    const first = WHOLE.find(({ positionSamples }) => positionSamples > sourceSpan(grid, second).fromSamples)!;
    const leadSamples = (second.firstUnit - 3) * 1024 - first.positionSamples;
    expect(encoder.jobs[0]!.timesMicroseconds[0]).toBe(Math.round(1e6 * (10 - leadSamples / 48_000)));
  });

  test("reads nothing behind its span, and lets source and encoder go", async () => {
    const { encoder, source } = await encoded(WHOLE, second, 1);
    expect(source.state.readFrames).toBeLessThanOrEqual(
      Math.ceil(sourceSpan(grid, second).toSamples / FRAME_SAMPLES) + 1,
    );
    expect([source.state.isClosed, encoder.jobs[0]!.isEnded]).toEqual([true, true]);
  });

  test("begins with silence without its pre-roll, up to the unit before the first sound", async () => {
    const cold = WHOLE.filter(({ positionSamples }) => positionSamples >= 4 * 48_000);
    const { units } = await encoded(cold);
    const silent = Math.floor(cold[0]!.positionSamples / 1024) - 1 - second.firstUnit;
    expect(silent).toBe(7);
    expect(units.findIndex((unit) => !isSilent(unit))).toBe(silent);
    expect(units).toHaveLength(second.endUnit - second.firstUnit);
    expect(numberOf(units[silent]!.data)).toBe(4);
  });

  test("ends with silence if the sound ends early", async () => {
    const { units } = await encoded(WHOLE.slice(0, 190));
    expect(units).toHaveLength(second.endUnit - second.firstUnit);
    const sounding = units.findLastIndex((unit) => !isSilent(unit));
    expect(second.firstUnit + sounding).toBeGreaterThanOrEqual(Math.floor((190 * FRAME_SAMPLES) / 1024) - 1);
    expect(units.slice(sounding + 1).every(isSilent)).toBe(true);
  });

  test("without any sound is silent, and takes no encoder", async () => {
    const { units, encoder } = await encoded(film(400, 420));
    expect(units).toHaveLength(second.endUnit - second.firstUnit);
    expect(units.every(isSilent)).toBe(true);
    expect(encoder.jobs).toEqual([]);
  });

  test("leaves out frames that are empty, or larger than any frame is", async () => {
    const frames = WHOLE.with(150, { ...WHOLE[150]!, data: new Uint8Array(0) }).with(160, {
      ...WHOLE[160]!,
      data: new Uint8Array(4 * 1024 * 1024 + 1),
    });
    const whole = (await encoded(WHOLE)).encoder.jobs[0]!.timesMicroseconds;
    const { units, encoder } = await encoded(frames);
    expect(encoder.jobs[0]!.timesMicroseconds).toHaveLength(whole.length - 2);
    expect(units).toHaveLength(second.endUnit - second.firstUnit);
  });
});

async function timesOfFirst(frames: readonly GridFrame[]): Promise<readonly number[]> {
  return (await encoded(frames)).encoder.jobs[0]!.timesMicroseconds;
}

/** The film with all its times from one frame on moved. */
function shifted(from: number, bySamples: number): GridFrame[] {
  return WHOLE.map((frame, index) =>
    index < from ? frame : { ...frame, positionSamples: frame.positionSamples + bySamples },
  );
}

describe("Times that are off", () => {
  test("by 20 ms are the container's: frames follow each other", async () => {
    expect(await timesOfFirst(shifted(150, 960))).toEqual(await timesOfFirst(WHOLE));
  });

  test("by 50 ms are a gap", async () => {
    const [before, after] = [await timesOfFirst(WHOLE), await timesOfFirst(shifted(150, 2400))];
    const changed = after.findIndex((time, index) => time !== before[index]);
    expect(after[changed]! - before[changed]!).toBe(50_000);
    expect(after.at(-1)! - after.at(-2)!).toBe(32_000);
  });
});

describe("What an encoder cannot take in one go", () => {
  test("is given to two: sound that changes its channels", async () => {
    const switchAt = 180;
    const { units, encoder } = await encoded([...film(0, switchAt), ...film(switchAt, 500, FRAMES.ac3Stereo)]);
    expect(encoder.jobs).toHaveLength(2);
    expect(units.map(({ dtsTicks }) => dtsTicks)).toEqual(units.map((_, index) => second.startTicks + 1024 * index));
    expect(units).toHaveLength(second.endUnit - second.firstUnit);
    expect(units.some(isSilent)).toBe(false);
    // The second encoder's first kept unit is the one that plays the switch.
    const restart = units.findIndex(({ data }, index) => index > 0 && numberOf(data) === 4);
    expect(second.firstUnit + restart).toBe(Math.floor((switchAt * FRAME_SAMPLES) / 1024));
  });

  test("is silent units, not memory, in a gap of more than ten seconds", async () => {
    const [only] = audioSegments(grid, { startSeconds: [0], durationSeconds: 600 });
    const { units, encoder } = await encoded([...film(0, 100), ...film(18_000, 18_700)], only);
    expect(encoder.jobs).toHaveLength(2);
    expect(units).toHaveLength(only!.endUnit);
    expect(units.filter(isSilent).length).toBeGreaterThan(26_000);
  });

  test("is given to four at most, and every unit is there all the same", async () => {
    const flickering = WHOLE.map((frame, index) => (index % 2 === 0 ? frame : { ...frame, data: FRAMES.ac3Stereo }));
    const { units, encoder } = await encoded(flickering);
    expect(encoder.jobs).toHaveLength(4);
    expect(units).toHaveLength(second.endUnit - second.firstUnit);
  });

  test("is not asked for again if an encoder ends without a word", async () => {
    let jobs = 0;
    const mute: AudioEncoder = {
      async encode() {
        jobs += 1;
        return (async function* () {})();
      },
    };
    const { signal } = new AbortController();
    const units = [];
    const options = { grid, segment: second, frames: recorded(WHOLE, 10).open, encoder: mute, signal };
    for await (const some of encodeSegment(options)) units.push(...some);
    expect(units.every(isSilent)).toBe(true);
    expect([units.length, jobs]).toEqual([second.endUnit - second.firstUnit, 4]);
  });
});

/** A source that has some frames, and then waits for a piece that never comes. */
async function* waitingSource(signal: AbortSignal): AsyncGenerator<readonly GridFrame[]> {
  yield WHOLE.slice(100, 200);
  await new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
}

describe("However it ends, nothing is left", () => {
  test("when its reader has enough", async () => {
    const encoder = new TimingEncoder();
    const source = recorded(WHOLE, 10);
    const { signal } = new AbortController();
    for await (const _ of encodeSegment({ grid, segment: second, frames: source.open, encoder, signal })) break;
    expect([source.state.isClosed, encoder.jobs[0]!.isEnded]).toEqual([true, true]);
  });

  test("when its source fails: it fails alike", async () => {
    const encoder = new TimingEncoder();
    const { signal } = new AbortController();
    const failure = new Error("no peers");
    const frames = async function* (): AsyncGenerator<readonly GridFrame[]> {
      yield WHOLE.slice(100, 200);
      throw failure;
    };
    const read = async (): Promise<void> => {
      for await (const _ of encodeSegment({ grid, segment: second, frames, encoder, signal }));
    };
    await expect(read()).rejects.toBe(failure);
    expect(encoder.jobs[0]!.isEnded).toBe(true);
  });

  test("when its client leaves while the source waits: the source hears of it", async () => {
    const client = new AbortController();
    const units = encodeSegment({
      grid,
      segment: second,
      frames: waitingSource,
      encoder: new TimingEncoder(),
      signal: client.signal,
    });
    await units.next();
    const next = (async () => {
      for await (const _ of units);
    })();
    client.abort(new Error("gone"));
    await expect(next).rejects.toThrow("gone");
  });
});
