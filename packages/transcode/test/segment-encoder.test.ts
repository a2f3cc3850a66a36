import { afterAll, describe, expect, test } from "vitest";
import { readSecondFromAudio } from "../../../test/films/read-sound.ts";
import { everyNth } from "../../../test/support/soak.ts";
import { AudioEncoderPool, discoverFfmpeg, ProcessPool } from "../src/index.ts";
import { CLIPS, type Clip, type ClipName, filmWithAc3, makeClip } from "./support/clips.ts";
import { realClock } from "./support/clocks.ts";
import { bytesOf, encodeAll, encodeWhole, openSound, type Sound, unitsOf } from "./support/encoded-sound.ts";
import { decodeSource, decodeUnits, errorAt, loudnessAt } from "./support/heard-sound.ts";

const { signal } = new AbortController();
const ffmpeg = await discoverFfmpeg({ signal });
if (ffmpeg === undefined) throw new Error("These tests need ffmpeg");
const encoder = new AudioEncoderPool({ ffmpeg, clock: realClock, pool: new ProcessPool(8) });
afterAll(() => encoder[Symbol.asyncDispose]());

const CLIP_LIMIT_MS = 60_000;
/** Of sound that is 0.2 loud. One sample of lag is an error of 0.05. */
const ERROR_MAX = 0.001;

/** The film has the first, and the others have tests of their own. */
const NOT_LISTED = ["ac3 5.1", "ac3 2.0", "ac3 with noise"];

const clips: [string, () => Promise<Clip>][] = [
  ["the film with ac3 5.1", filmWithAc3],
  ...Object.keys(CLIPS)
    .filter((name): name is ClipName => !NOT_LISTED.includes(name))
    .map((name): [string, () => Promise<Clip>] => [name, () => makeClip(name)]),
];

describe("Segments in a row", () => {
  test.each(everyNth(clips, 2))(
    "of %s are the sound of the source, to the sample, whatever was encoded before",
    async (_, open) => {
      await using clip = await open();
      const sound = await openSound(clip);
      const all = await encodeAll(sound, { encoder });
      const heard = await decodeUnits(all.flat(), sound.grid);
      const source = await decodeSource(clip.path, sound.grid);
      expect(heard.length).toBe(all.flat().length * 1024);
      expect(Math.abs(heard.length - source.length)).toBeLessThanOrEqual(1024);
      // The first unit has nothing to overlap with, and the last samples of a source may be a codec's own.
      for (let at = 2048; at < source.length - 4096; at += 1024) {
        expect(errorAt(heard, source, at, 1024), `at ${at}`).toBeLessThan(ERROR_MAX);
      }
      expectTones(heard, sound);
      for (const [index, segment] of [...sound.segments.entries()].reverse()) {
        const again = await encodeWhole(sound, segment, { encoder, extraFrames: 20 * index + 3, batchFrames: 7 });
        expect(bytesOf(again).equals(bytesOf(all[index]!))).toBe(true);
      }
    },
    CLIP_LIMIT_MS,
  );

  test(
    "are the same bytes in any order, and side by side",
    async () => {
      await using clip = await filmWithAc3();
      const sound = await openSound(clip);
      const expected = (await encodeAll(sound, { encoder })).map(bytesOf);
      const order = [3, 0, 4, 1, 1, 2];
      const encoded = await Promise.all(order.map((index) => encodeWhole(sound, sound.segments[index]!, { encoder })));
      for (const [at, index] of order.entries()) expect(bytesOf(encoded[at]!).equals(expected[index]!)).toBe(true);
    },
    CLIP_LIMIT_MS,
  );
});

/** In the middle of every second the tones of that second are heard; the first sample heard is the first of the source. */
function expectTones(heard: Float32Array, { grid }: Sound): void {
  // The reader knows the tones at 48 kHz only.
  if (grid.rateHz !== 48_000) return;
  for (let second = 0; second < Math.floor(heard.length / 48_000); second += 1) {
    const middle = heard.subarray((second + 0.4) * 48_000, (second + 0.6) * 48_000);
    expect(readSecondFromAudio(middle)?.second).toBe(second);
  }
}

/** The error that a share of all is below, of errors in order. */
function quantile(errors: readonly number[], share: number): number {
  return errors[Math.floor((errors.length - 1) * share)]!;
}

describe("Joins", () => {
  test.each<[string, () => Promise<Clip>]>([
    ["tones", filmWithAc3],
    ["noise", () => makeClip("ac3 with noise")],
  ])(
    "in %s are no worse than what lies between them",
    async (_, open) => {
      await using clip = await open();
      const sound = await openSound(clip, 1);
      const units = (await encodeAll(sound, { encoder })).flat();
      const heard = await decodeUnits(units, sound.grid);
      const source = await decodeSource(clip.path, sound.grid);
      const joins = new Set(
        sound.segments
          .slice(1)
          .flatMap(({ firstUnit }) => Array.from({ length: 12 }, (_unused, near) => firstUnit * 4 - 6 + near)),
      );
      const blocks = Array.from({ length: Math.floor(source.length / 256) - 32 }, (_unused, block) => block).slice(8);
      const errorsOf = (isJoin: boolean): number[] =>
        blocks
          .filter((block) => joins.has(block) === isJoin)
          .map((block) => errorAt(heard, source, block * 256, 256))
          .sort((left, right) => left - right);
      const [inner, border] = [errorsOf(false), errorsOf(true)];
      process.stdout.write(
        `error inside / at joins (median, p99, max): ${[0.5, 0.99, 1].map((share) => `${quantile(inner, share).toFixed(5)} / ${quantile(border, share).toFixed(5)}`).join(", ")}\n`,
      );
      expect(quantile(border, 0.5)).toBeLessThan(1.5 * quantile(inner, 0.5));
      expect(quantile(border, 0.99)).toBeLessThan(1.5 * quantile(inner, 0.99));
      expect(quantile(border, 1)).toBeLessThan(1.5 * quantile(inner, 1));
    },
    CLIP_LIMIT_MS,
  );
});

test(
  "The first units come long before the segment is complete; how soon is printed",
  async () => {
    await using clip = await filmWithAc3();
    const sound = await openSound(clip);
    const segment = sound.segments[2]!;
    const latencies: string[] = [];
    for (const kind of ["cold", "spare", "spare", "spare", "spare", "spare"]) {
      await using own = new AudioEncoderPool({ ffmpeg, clock: realClock, pool: new ProcessPool(8) });
      if (kind === "spare") await spareOf(own);
      const startMs = performance.now();
      let firstMs: number | undefined;
      let count = 0;
      for await (const some of unitsOf(sound, segment, { encoder: own })) {
        firstMs ??= performance.now() - startMs;
        count += 1;
        expect(some.length).toBeLessThan(segment.endUnit - segment.firstUnit);
      }
      expect(count).toBeGreaterThan(1);
      latencies.push(`${kind} ${firstMs!.toFixed(0)} / ${(performance.now() - startMs).toFixed(0)} ms`);
    }
    process.stdout.write(`first units / whole segment of 4 s: ${latencies.join(", ")}\n`);
  },
  CLIP_LIMIT_MS,
);

/** A spare that has had the time to start. */
async function spareOf(pool: AudioEncoderPool): Promise<void> {
  pool.prepare({ codec: "ac3", sourceRateHz: 48_000, rateHz: 48_000 });
  await new Promise((resolve) => {
    setTimeout(resolve, 500);
  });
  expect(pool.spares).toBe(1);
}

test(
  "Silence before a late sound is not in the units: the first one plays when the sound starts",
  async () => {
    await using clip = await makeClip("ac3 late by 213 ms");
    const sound = await openSound(clip);
    const [first] = sound.segments;
    expect(first!.startTicks).toBeGreaterThan(9000);
    expect(first!.durationSeconds * 48_000).toBeCloseTo(first!.startTicks + first!.endUnit * 1024, 3);
    const heard = await decodeUnits(await encodeWhole(sound, first!, { encoder }), sound.grid);
    expect(loudnessAt(heard, 1024, 1024)).toBeGreaterThan(0.1);
  },
  CLIP_LIMIT_MS,
);
