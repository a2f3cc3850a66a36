import type { GridFrame } from "@riptide/media";
import { afterAll, describe, expect, onTestFinished, test, vi } from "vitest";
import { everyNth, isSoak } from "../../../test/support/soak.ts";
import { childProcesses } from "../../stream/test/support/child-processes.ts";
import { AudioEncoderPool, discoverFfmpeg, ProcessPool } from "../src/index.ts";
import { type ClipName, makeClip } from "./support/clips.ts";
import { realClock } from "./support/clocks.ts";
import { encodeAll, encodeWhole, openSound, type Sound, unitsOf } from "./support/encoded-sound.ts";
import { decodeSource, decodeUnits, errorAt, loudnessAt } from "./support/heard-sound.ts";

const { signal } = new AbortController();
const ffmpeg = await discoverFfmpeg({ signal });
if (ffmpeg === undefined) throw new Error("These tests need ffmpeg");
const encoder = new AudioEncoderPool({ ffmpeg, clock: realClock, pool: new ProcessPool(8) });
afterAll(() => encoder[Symbol.asyncDispose]());

const LIMIT_MS = 60_000;
/** Of sound that is 0.2 loud. */
const ERROR_MAX = 0.001;
const FRAME_SAMPLES = 1536;

/** A clip and what is heard of it when all is well. */
async function open(name: ClipName): Promise<Sound & { readonly source: Float32Array }> {
  const clip = await makeClip(name);
  onTestFinished(() => clip[Symbol.asyncDispose]());
  const sound = await openSound(clip);
  return { ...sound, source: await decodeSource(clip.path, sound.grid) };
}

/** Blocks of 1024 samples of what is heard: "s" where it is the source, "." where it is silent, "?" where it is neither. */
async function heardOf(sound: Sound & { readonly source: Float32Array }): Promise<string> {
  const heard = await decodeUnits((await encodeAll(sound, { encoder })).flat(), sound.grid);
  const blocks = Array.from({ length: Math.floor(sound.source.length / 1024) - 4 }, (_, block) => {
    if (errorAt(heard, sound.source, block * 1024, 1024) < ERROR_MAX) return "s";
    return loudnessAt(heard, block * 1024, 1024) < ERROR_MAX ? "." : "?";
  });
  // The first one has nothing to overlap with.
  return blocks.slice(2).join("");
}

function withoutFrames(sound: Sound, from: number, to: number): readonly GridFrame[] {
  return sound.frames.filter((_, index) => index < from || index >= to);
}

/** Frames whose bytes, from the fourth on, are of no use. */
function spoilt(sound: Sound, from: number, to: number, firstByte: number): readonly GridFrame[] {
  return sound.frames.map((frame, index) => {
    if (index < from || index >= to) return frame;
    const data = frame.data.map((byte, at) => (at < firstByte ? byte : (at * 7919 + index * 31) & 255));
    return { ...frame, data };
  });
}

describe("What is lost is silent, for exactly as long, and all else is in its place", () => {
  // A frame whose header is good is decoded as well as it goes.
  test.each<[string, (sound: Sound) => readonly GridFrame[], number, number, boolean]>([
    ["ten frames that are missing", (sound) => withoutFrames(sound, 60, 70), 60, 70, false],
    ["forty frames of garbage", (sound) => spoilt(sound, 40, 80, 0), 40, 80, false],
    ["frames with a good header and a bad body", (sound) => spoilt(sound, 60, 64, 8), 60, 64, true],
    ["everything around a join", (sound) => withoutFrames(sound, 100, 140), 100, 140, false],
    ["the first frames of a segment's pre-roll, damaged", (sound) => spoilt(sound, 110, 114, 0), 110, 114, false],
  ])(
    "%s",
    async (_, frames, from, to, isDecoded) => {
      const sound = await open("ac3 5.1");
      const heard = await heardOf({ ...sound, frames: frames(sound) });
      // Concealment and overlap make up to two blocks of something else on either side.
      const [start, end] = [from, to].map((frame) => (frame * FRAME_SAMPLES) / 1024 - 2);
      expect(heard.slice(0, Math.floor(start!) - 2)).toMatch(/^s+$/);
      expect(heard.slice(Math.ceil(end!) + 4)).toMatch(/^s+$/);
      const lost = heard.slice(Math.floor(start!) + 2, Math.ceil(end!) - 2);
      expect(lost).toMatch(isDecoded ? /^[.?]*$/ : /^\.*$/);
    },
    LIMIT_MS,
  );

  test(
    "sound that changes from 5.1 to stereo within a segment goes on without a break",
    async () => {
      const [surround, stereo] = [await open("ac3 5.1"), await open("ac3 2.0")];
      const frames = [...surround.frames.slice(0, 65), ...stereo.frames.slice(65, 180), ...surround.frames.slice(180)];
      const heard = await heardOf({ ...surround, frames });
      const switches = [65, 180].map((frame) => Math.floor((frame * FRAME_SAMPLES) / 1024) - 2);
      const others = Array.from(heard).filter((_, block) => switches.every((at) => Math.abs(block - at) > 2));
      expect(others.join("")).toMatch(/^s+$/);
      expect(heard).not.toContain("..");
    },
    LIMIT_MS,
  );

  test(
    "a film whose sound cannot be decoded at all is silent, not broken",
    async () => {
      const sound = await open("ac3 5.1");
      const heard = await heardOf({ ...sound, frames: spoilt(sound, 0, sound.frames.length, 0) });
      expect(heard).toMatch(/^\.+$/);
    },
    LIMIT_MS,
  );
});

describe("A seek without pre-roll", () => {
  test.each(everyNth<ClipName>(["ac3 5.1", "mp3 48 kHz", "flac 24 bits 5.1", "vorbis 2.0", "dts 5.1"], 2))(
    "in %s is in its place from its first sound on",
    async (name) => {
      const sound = await open(name);
      const segment = sound.segments[1]!;
      const cold = { ...sound, frames: sound.frames.filter(({ positionSamples }) => positionSamples >= 4 * 48_000) };
      const heard = await decodeUnits(await encodeWhole(cold, segment, { encoder }), sound.grid);
      const source = sound.source.subarray(segment.firstUnit * 1024);
      const firstSound = cold.frames[0]!.positionSamples - segment.startTicks;
      // A decoder that begins in the middle takes its warm-up to be right.
      const right = firstSound + (sound.grid.shape.warmupFrames + 2) * sound.grid.shape.frameSamples + 2048;
      expect(loudnessAt(heard, 0, firstSound - 2048)).toBeLessThan(ERROR_MAX);
      for (let at = right; at < heard.length - 8192; at += 1024) {
        expect(errorAt(heard, source, at, 1024), `at ${at}`).toBeLessThan(ERROR_MAX);
      }
    },
    LIMIT_MS,
  );
});

/** The real clock, and the timers that are set on it. */
function countingClock() {
  const timers = new Set<object>();
  const setTimer = (delayMs: number, callback: () => void): Disposable => {
    const timer = realClock.setTimer(delayMs, () => {
      timers.delete(timer);
      callback();
    });
    timers.add(timer);
    return {
      [Symbol.dispose]: () => {
        timers.delete(timer);
        timer[Symbol.dispose]();
      },
    };
  };
  return { timers, clock: { nowMs: () => realClock.nowMs(), setTimer } };
}

const GONE = new Error("gone");
const isGone = expect.objectContaining({ message: "gone" });

/** Leaves before the start, at once, after the first units by return, or by abort. Resolves with what the client got last. */
async function leave(sound: Sound, pool: AudioEncoderPool, index: number): Promise<unknown> {
  const client = new AbortController();
  const units = unitsOf(sound, sound.segments[index % 2]!, { encoder: pool, signal: client.signal });
  const next = (): Promise<unknown> => units.next().catch((error: unknown) => error);
  if (index % 4 === 0) client.abort(GONE);
  if (index % 4 === 1) setImmediate(() => client.abort(GONE));
  const first = await next();
  if (index % 4 < 2) return first;
  if (index % 4 === 2) return units.return();
  client.abort(GONE);
  return next();
}

describe("Clients that leave", () => {
  test(
    "again and again, at any moment, leave no process, place or timer",
    async () => {
      const sound = await open("ac3 5.1");
      const places = new ProcessPool(8);
      const { timers, clock } = countingClock();
      const before = await childProcesses();
      const own = new AudioEncoderPool({ ffmpeg, clock, pool: places });
      for (let index = 0; index < (isSoak ? 100 : 24); index += 4) {
        const last = await Promise.all([0, 1, 2, 3].map((one) => leave(sound, own, index + one)));
        expect(last).toEqual([isGone, isGone, { done: true, value: undefined }, isGone]);
      }
      await vi.waitFor(() => expect(places.active).toBe(0));
      expect(own.running).toBeLessThanOrEqual(2);
      await own[Symbol.asyncDispose]();
      expect([own.running, own.spares, timers.size]).toEqual([0, 0, 0]);
      const left = async () => (await childProcesses()).filter((pid) => !before.includes(pid));
      // What was killed as it started is gone a moment later.
      await vi.waitFor(async () => expect(await left()).toEqual([]));
    },
    LIMIT_MS,
  );
});
