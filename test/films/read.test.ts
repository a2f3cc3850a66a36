import { readFile } from "node:fs/promises";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FRAME_CODE_BITS, TONE_SPAN, TRACKS_MAX } from "./film-code.ts";
import { films } from "./films.ts";
import { decodeFrames, readFrameNumber } from "./read-frames.ts";
import { decodeSeconds, readSecondFromAudio } from "./read-sound.ts";
import { soundOfSecond } from "./tones.ts";

describe("readFrameNumber", () => {
  const numbers = fc.integer({ min: 0, max: 2 ** FRAME_CODE_BITS - 1 });

  it("reads any number from any picture that keeps its squares apart, however pale", () => {
    const black = fc.integer({ min: 0, max: 60 });
    const white = fc.integer({ min: 160, max: 255 });
    const side = fc.integer({ min: 1, max: 20 });
    fc.assert(
      fc.property(numbers, side, black, white, (number, sidePixels, dark, bright) => {
        const picture = drawNumber(number, sidePixels, dark, bright);
        expect(readFrameNumber(picture, FRAME_CODE_BITS * sidePixels)).toBe(number);
      }),
    );
  });

  it.each([
    { title: "black", picture: new Uint8Array(160 * 16) },
    { title: "white", picture: new Uint8Array(160 * 16).fill(255) },
    { title: "cut off", picture: drawNumber(5, 8, 0, 255).subarray(0, 160 * 8) },
    { title: "a mix of two frames", picture: mixOf(drawNumber(7, 8, 0, 255), drawNumber(8, 8, 0, 255)) },
  ])("does not guess at a picture that is $title", ({ picture }) => {
    expect(readFrameNumber(picture, 160)).toBeUndefined();
  });
});

describe("readSecondFromAudio", () => {
  const seconds = fc.integer({ min: 0, max: TONE_SPAN * TONE_SPAN - 1 });
  const tracks = fc.integer({ min: 0, max: TRACKS_MAX - 1 });
  const offsets = fc.integer({ min: 0, max: 38_400 });

  it("tells any second of any track from any 200 ms of it, with and without the chord for people", () => {
    fc.assert(
      fc.property(seconds, tracks, offsets, fc.boolean(), (second, track, offset, isForPeople) => {
        const samples = samplesOf(soundOfSecond(second, track, isForPeople)).subarray(offset);
        expect(readSecondFromAudio(samples)).toMatchObject({ second, track });
      }),
      { numRuns: 30 },
    );
  });

  it.each([
    { title: "silence", samples: new Float32Array(9600) },
    { title: "nothing at all", samples: new Float32Array(0) },
    { title: "a single tone", samples: Float32Array.from({ length: 9600 }, (_, index) => Math.sin(index / 10)) },
    {
      title: "half of one second and half of the next",
      samples: Float32Array.of(...samplesOfSecond(3).subarray(0, 4800), ...samplesOfSecond(4).subarray(4800, 9600)),
    },
  ])("does not guess at $title", ({ samples }) => {
    expect(readSecondFromAudio(samples)).toBeUndefined();
  });
});

describe("decoding", () => {
  it("reads bytes as well as a file, and stops where it is told to", async () => {
    const bytes = await readFile(await films.ensure("mkv-h264-aac-srt"));
    const frames = await decodeFrames(bytes, { limit: 30 });
    expect(frames.map((frame) => frame.number)).toEqual(Array.from({ length: 30 }, (_, index) => index));
    const seconds = await decodeSeconds(bytes, { audioIndex: 1 });
    expect(seconds.at(-1)).toMatchObject({ second: 19, track: 1 });
  });

  it("reads the whole part of a film that is cut off", async () => {
    const bytes = await readFile(await films.ensure("mpegts"));
    const frames = await decodeFrames(bytes.subarray(0, bytes.length / 2));
    expect(frames.length).toBeGreaterThan(200);
    expect(frames.length).toBeLessThan(280);
    expect(frames.slice(0, 200).map((frame) => frame.number)).toEqual(Array.from({ length: 200 }, (_, index) => index));
  });

  it.each([
    { title: "frames", decode: decodeFrames },
    { title: "seconds", decode: decodeSeconds },
  ])("rejects bytes that are no film, and a path where none is, instead of finding no $title", async ({ decode }) => {
    await expect(decode(new Uint8Array(1000))).rejects.toThrow("Invalid data found");
    await expect(decode("/nowhere/film.mkv")).rejects.toThrow("No such file");
  });
});

function drawNumber(number: number, side: number, dark: number, bright: number): Uint8Array {
  const width = FRAME_CODE_BITS * side;
  return Uint8Array.from({ length: width * side * 2 }, (_, index) => {
    const bit = Math.floor((index % width) / side);
    const isUpperRow = index < width * side;
    return (Math.floor(number / 2 ** bit) % 2 === 1) === isUpperRow ? bright : dark;
  });
}

function mixOf(left: Uint8Array, right: Uint8Array): Uint8Array {
  return left.map((value, index) => (value + right[index]!) / 2);
}

function samplesOfSecond(number: number): Float32Array {
  return samplesOf(soundOfSecond(number, 0, false));
}

function samplesOf(sound: Uint8Array): Float32Array {
  return Float32Array.from(new Int16Array(sound.buffer), (sample) => sample / 32_768);
}
