import { assertInvariant, MediaError } from "@riptide/core";
import type { CodedTrack, Packet } from "../packet.ts";
import { AAC_RATES_HZ, AAC_UNIT_SAMPLES } from "./aac-output.ts";
import type { FrameShape } from "./frame-shape.ts";
import { frameShapeOf } from "./frame-shapes.ts";

/**
 * Where the units of a transcoded track lie. Unit g of AAC plays the samples [startTicks + 1024 g, startTicks + 1024 (g + 1)) of
 * the film, whatever was played or asked for before. Ticks count at the rate of the output.
 */
export interface AudioGrid {
  readonly source: CodedTrack;
  readonly shape: FrameShape;
  readonly sourceRateHz: number;
  /** Of the output: that of the source, unless browsers do not play it. */
  readonly rateHz: number;
  /** Start of unit 0; never negative. */
  readonly startTicks: number;
  /** Where the first frame of the source starts, in its samples; negative if a codec discards its first ones. */
  readonly originSamples: number;
  /** How far the times of the container may be off. */
  readonly toleranceSamples: number;
}

/** One coded frame of the source, and where its sound starts, in samples of the source. Position 0 is the start of the film. */
export interface GridFrame {
  readonly positionSamples: number;
  readonly data: Uint8Array;
}

export interface AudioGridOptions {
  /** The step in which the container counts time. Default: one millisecond, as nearly all Matroska. */
  readonly timeStepSeconds?: number;
}

/** What a packet has to say here. */
export type TimedData = Pick<Packet, "ptsTicks" | "data">;

/** Packets that tell where a grid begins. The rounding of their times repeats after three frames at 48 kHz, later at other rates. */
export const ORIGIN_PACKETS = 16;

const NOTHING = new Uint8Array(0);

/** Rates that decoders take: ffmpeg's for PCM, Vorbis and FLAC end there. */
const SOURCE_RATE_MIN_HZ = 8000;
const SOURCE_RATE_MAX_HZ = 384_000;
const DEFAULT_TIME_STEP_SECONDS = 0.001;
/** A time that was rounded is off by half a step; one that was cut, by one step. A tenth more for rounding in between. */
const TOLERANCE_STEPS = 1.1;

/**
 * The grid of a track.
 * @param firstPackets the first `ORIGIN_PACKETS` of the track in the file, or as many as it has: the time of the first is the
 * origin, its header tells the length of frames. Always the same ones, or the grid is another one
 *
 * Throws `MediaError`: `unsupported_media` if its sound is not one that we transcode, `damaged_media` if it does not say what
 * its decoder has to know.
 */
export function audioGridOf(
  track: CodedTrack,
  firstPackets: readonly TimedData[],
  options: AudioGridOptions = {},
): AudioGrid {
  const shape = frameShapeOf(track, firstPackets[0]?.data ?? NOTHING);
  const sourceRateHz = sourceRateOf(track);
  const rateHz = outputRateOf(sourceRateHz);
  const { timeStepSeconds = DEFAULT_TIME_STEP_SECONDS } = options;
  const toleranceSamples = TOLERANCE_STEPS * timeStepSeconds * sourceRateHz;
  const frames = firstPackets.slice(0, ORIGIN_PACKETS).map(({ ptsTicks, data }) => {
    return { positionSamples: (ptsTicks * sourceRateHz) / track.timescale, data };
  });
  const originSamples = originOf(shape, frames, toleranceSamples);
  return {
    source: track,
    shape,
    sourceRateHz,
    rateHz,
    startTicks: startTicksOf(Math.round((originSamples * rateHz) / sourceRateHz)),
    originSamples,
    toleranceSamples,
  };
}

/**
 * A packet in its place. The time of the container is put back on the grid of frames that it was rounded off, by itself: the place
 * does not depend on where reading began. A time that is on no such grid stays as it is.
 */
export function gridFrame(grid: AudioGrid, { ptsTicks, data }: TimedData): GridFrame {
  const { originSamples, shape, toleranceSamples } = grid;
  const told = (ptsTicks * grid.sourceRateHz) / grid.source.timescale;
  const snapped = originSamples + Math.round((told - originSamples) / shape.stepSamples) * shape.stepSamples;
  const isOnGrid = Math.abs(snapped - told) <= toleranceSamples;
  return { positionSamples: isOnGrid ? snapped : Math.round(told), data };
}

/** Frames whose times are not known, in the places that they have if they end without a gap where `next` starts. */
export function framesBefore(grid: AudioGrid, next: GridFrame, frames: readonly Uint8Array[]): GridFrame[] {
  const placed: GridFrame[] = [];
  let positionSamples = next.positionSamples;
  for (let index = frames.length - 1; index >= 0; index -= 1) {
    const data = frames[index]!;
    positionSamples -= samplesOf(grid, data, frames[index - 1]);
    placed.push({ positionSamples, data });
  }
  return placed.reverse();
}

/** Samples of a frame; a damaged one counts as long as its neighbours are. */
export function samplesOf({ shape }: AudioGrid, frame: Uint8Array, previous: Uint8Array | undefined): number {
  return shape.measure(frame, previous) ?? shape.frameSamples;
}

/** The first sample of a unit, in samples of the source; not whole if the rates differ. */
export function unitPosition({ startTicks, rateHz, sourceRateHz }: AudioGrid, unit: number): number {
  return ((startTicks + AAC_UNIT_SAMPLES * unit) * sourceRateHz) / rateHz;
}

/** The unit that plays a sample of the source. */
export function unitAt({ startTicks, rateHz, sourceRateHz }: AudioGrid, positionSamples: number): number {
  return Math.floor(((positionSamples * rateHz) / sourceRateHz - startTicks) / AAC_UNIT_SAMPLES);
}

function sourceRateOf({ track, timescale }: CodedTrack): number {
  assertInvariant(track.kind === "audio", "Only sound has a grid");
  const rateHz = Math.round(track.sampleRateHz ?? timescale);
  if (rateHz >= SOURCE_RATE_MIN_HZ && rateHz <= SOURCE_RATE_MAX_HZ) return rateHz;
  throw new MediaError("unsupported_media", `Sound with ${rateHz} samples per second cannot be played.`);
}

/** Multiples of 44.1 kHz become that, everything else that AAC lacks, or browsers do not play, becomes 48 kHz. */
function outputRateOf(sourceRateHz: number): number {
  if (AAC_RATES_HZ.includes(sourceRateHz)) return sourceRateHz;
  return sourceRateHz % 44_100 === 0 ? 44_100 : 48_000;
}

/** A step that is shorter than this many tolerances cannot be told from the next one if its origin was rounded as well. */
const CLEAR_STEP_TOLERANCES = 4;

/**
 * Where the first frame starts. Where steps are short, as those of Vorbis, the rounding of its time is taken out: the times of the
 * frames behind it lie on both sides of the true ones.
 */
function originOf(shape: FrameShape, frames: readonly GridFrame[], toleranceSamples: number): number {
  const [first, second] = frames;
  const toldSamples = Math.round(first?.positionSamples ?? 0);
  if (second === undefined || shape.stepSamples >= CLEAR_STEP_TOLERANCES * toleranceSamples) return toldSamples;
  // From the second on, for the first one of Vorbis is silent: how long it is, is a matter of taste.
  let expected = second.positionSamples;
  let [lowest, highest] = [0, 0];
  for (let index = 2; index < frames.length; index += 1) {
    expected += shape.measure(frames[index - 1]!.data, frames[index - 2]!.data) ?? shape.frameSamples;
    lowest = Math.min(lowest, frames[index]!.positionSamples - expected);
    highest = Math.max(highest, frames[index]!.positionSamples - expected);
  }
  if (highest - lowest > 2 * toleranceSamples) return toldSamples;
  const onGrid = second.positionSamples + (lowest + highest) / 2;
  const steps = Math.round((toldSamples - onGrid) / shape.stepSamples);
  return Math.round(onGrid + steps * shape.stepSamples);
}

/** `tfdt` is unsigned (ISO/IEC 14496-12 §8.8.12): what lies before 0 is no unit of ours. */
function startTicksOf(originTicks: number): number {
  if (originTicks >= 0) return originTicks;
  return originTicks + AAC_UNIT_SAMPLES * Math.ceil(-originTicks / AAC_UNIT_SAMPLES);
}
