import { AAC_UNIT_SAMPLES } from "./aac-output.ts";
import { type AudioGrid, unitPosition } from "./audio-grid.ts";

/** One segment of a transcoded track: the units [firstUnit, endUnit), never none. */
export interface AudioSegment {
  readonly index: number;
  readonly firstUnit: number;
  readonly endUnit: number;
  /** `baseMediaDecodeTime` of its first unit (ISO/IEC 14496-12 §8.8.12), in ticks of the rate of the output. */
  readonly startTicks: number;
  /** Exactly what a playlist has to say: the first one begins at 0, so that it includes the silence before the first unit. */
  readonly durationSeconds: number;
}

export interface AudioSegmentsOptions {
  /** When each segment of the picture starts: times of keyframes. The first segment of sound starts at 0 in any case. */
  readonly startSeconds: readonly number[];
  /** Of the film. */
  readonly durationSeconds: number;
}

/**
 * Sound is cut so much earlier than the picture: 171 ms at 48 kHz. The units behind the end that a segment needs, and the sound
 * that lies behind its picture in the file, then still lie before the next keyframe: a segment needs no byte of the next one.
 */
const LAG_UNITS = 8;
/** Two days are longer than any film. It bounds the silence that a false duration makes us write. */
const DURATION_MAX_SECONDS = 48 * 3600;

/** The segments of a track. They lie end to end; keyframes closer to each other than one unit make segments of one unit. */
export function audioSegments(
  grid: AudioGrid,
  { startSeconds, durationSeconds }: AudioSegmentsOptions,
): AudioSegment[] {
  const count = Math.max(1, startSeconds.length);
  const endUnit = Math.max(count, Math.round(unitsAt(grid, durationSeconds)));
  const bounds = [0];
  for (let index = 1; index < count; index += 1) {
    const wanted = Math.floor(unitsAt(grid, startSeconds[index]!)) - LAG_UNITS;
    // One unit for this segment, and one for each that follows.
    bounds.push(Math.min(Math.max(wanted, bounds[index - 1]! + 1), endUnit - (count - index)));
  }
  bounds.push(endUnit);
  return Array.from({ length: count }, (_, index) => segmentOf(grid, index, bounds[index]!, bounds[index + 1]!));
}

/**
 * What a segment has from the unit on that sounds at a time, never less than its last one: for who looks for that time, and would wait
 * until all in front of it is encoded.
 */
export function segmentFrom(grid: AudioGrid, segment: AudioSegment, fromSeconds: number): AudioSegment {
  const wanted = Math.min(Math.floor(unitsAt(grid, fromSeconds)), segment.endUnit - 1);
  return segmentOf(grid, segment.index, Math.max(segment.firstUnit, wanted), segment.endUnit);
}

/**
 * The time in which a segment's frames start, ends excluded. What lies before it is heard by nobody: it brings decoder and
 * encoder into the state that they would have, had they worked from the start.
 */
export interface SourceSpan {
  readonly fromSamples: number;
  readonly toSamples: number;
  readonly fromSeconds: number;
  readonly toSeconds: number;
}

/** Units that a fresh encoder needs until its joins are clean: with one they click, with two they do not. */
export const ENCODER_WARMUP_UNITS = 3;
/** A unit overlaps with the next one, and the encoder looks ahead by another. */
const LOOKAHEAD_UNITS = 2;

/** Which frames of the source a segment needs. Samples count as those of the source. */
export function sourceSpan(grid: AudioGrid, { firstUnit, endUnit }: AudioSegment): SourceSpan {
  const { frameSamples, warmupFrames } = grid.shape;
  // The frame that holds the first sample is the last one to start a whole frame before it.
  const warmupSamples = (warmupFrames + 1) * frameSamples;
  const fromSamples = unitPosition(grid, firstUnit - ENCODER_WARMUP_UNITS) - warmupSamples;
  const toSamples = unitPosition(grid, endUnit + LOOKAHEAD_UNITS);
  const seconds = (samples: number): number => samples / grid.sourceRateHz;
  return { fromSamples, toSamples, fromSeconds: seconds(fromSamples), toSeconds: seconds(toSamples) };
}

/**
 * Whether a segment that is made from this frame on has the bytes that it always has. Without its pre-roll it sounds the same, at
 * the same time, but other bytes may come next time: then it must not be kept by anyone.
 */
export function hasPreroll(grid: AudioGrid, segment: AudioSegment, firstPositionSamples: number): boolean {
  const { fromSamples } = sourceSpan(grid, segment);
  return firstPositionSamples <= Math.max(fromSamples + grid.shape.frameSamples, grid.originSamples);
}

function segmentOf(grid: AudioGrid, index: number, firstUnit: number, endUnit: number): AudioSegment {
  const startTicks = grid.startTicks + AAC_UNIT_SAMPLES * firstUnit;
  const endTicks = grid.startTicks + AAC_UNIT_SAMPLES * endUnit;
  return {
    index,
    firstUnit,
    endUnit,
    startTicks,
    durationSeconds: (endTicks - (index === 0 ? 0 : startTicks)) / grid.rateHz,
  };
}

/** Units until a time of the film; 0 for a time that is none. */
function unitsAt({ rateHz, startTicks }: AudioGrid, seconds: number): number {
  const bounded = Math.min(Math.max(0, seconds || 0), DURATION_MAX_SECONDS);
  return (bounded * rateHz - startTicks) / AAC_UNIT_SAMPLES;
}
