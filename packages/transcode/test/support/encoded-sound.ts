import {
  type AccessUnit,
  type AudioEncoder,
  type AudioGrid,
  type AudioSegment,
  audioGridOf,
  audioSegments,
  encodeSegment,
  type GridFrame,
  gridFrame,
  sourceSpan,
} from "@riptide/media";
import { expect } from "vitest";
import type { Clip } from "./clips.ts";
import { readSoundSource } from "./sound-source.ts";

/** A film's sound, ready to be encoded. */
export interface Sound {
  readonly grid: AudioGrid;
  readonly segments: readonly AudioSegment[];
  readonly frames: readonly GridFrame[];
}

/** @param segmentSeconds how far keyframes lie apart */
export async function openSound({ path, codec }: Clip, segmentSeconds = 4): Promise<Sound> {
  const { track, packets, durationSeconds } = await readSoundSource(path, codec);
  const grid = audioGridOf(track, packets);
  const count = Math.floor((durationSeconds - 0.5) / segmentSeconds) + 1;
  const startSeconds = Array.from({ length: count }, (_, index) => index * segmentSeconds);
  return {
    grid,
    segments: audioSegments(grid, { startSeconds, durationSeconds }),
    frames: packets.map((packet) => gridFrame(grid, packet)),
  };
}

export interface EncodeOptions {
  readonly encoder: AudioEncoder;
  readonly signal?: AbortSignal;
  /** Frames in front of those that are needed. */
  readonly extraFrames?: number;
  readonly batchFrames?: number;
}

/** The units of one segment as they come; frames are read from some place before it on. */
export function unitsOf(sound: Sound, segment: AudioSegment, options: EncodeOptions) {
  const { encoder, signal = new AbortController().signal, extraFrames = 0, batchFrames = 10 } = options;
  const { fromSamples } = sourceSpan(sound.grid, segment);
  const needed = sound.frames.findIndex(({ positionSamples }) => positionSamples > fromSamples);
  const frames = needed < 0 ? [] : sound.frames.slice(Math.max(0, needed - extraFrames));
  async function* open(): AsyncGenerator<readonly GridFrame[]> {
    for (let index = 0; index < frames.length; index += batchFrames) yield frames.slice(index, index + batchFrames);
  }
  return encodeSegment({ grid: sound.grid, segment, encoder, signal, frames: open });
}

/** One whole segment; fails unless it has exactly its units. */
export async function encodeWhole(sound: Sound, segment: AudioSegment, options: EncodeOptions): Promise<AccessUnit[]> {
  const units: AccessUnit[] = [];
  for await (const some of unitsOf(sound, segment, options)) units.push(...some);
  const { firstUnit, endUnit, startTicks } = segment;
  expect(units.map(({ dtsTicks }) => dtsTicks)).toEqual(
    Array.from({ length: endUnit - firstUnit }, (_, index) => startTicks + 1024 * index),
  );
  return units;
}

/** All segments, one after the other. */
export async function encodeAll(sound: Sound, options: EncodeOptions): Promise<AccessUnit[][]> {
  const all: AccessUnit[][] = [];
  for (const segment of sound.segments) all.push(await encodeWhole(sound, segment, options));
  return all;
}

export function bytesOf(units: readonly AccessUnit[]): Buffer {
  return Buffer.concat(units.map(({ data }) => data));
}
