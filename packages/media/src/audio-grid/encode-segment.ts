import { followingController } from "@riptide/core";
import { concatenate } from "../reader.ts";
import { type AccessUnit, accessUnit, SILENT_UNIT } from "./aac-output.ts";
import { AdtsReader } from "./adts-reader.ts";
import { type AudioGrid, type GridFrame, unitAt, unitPosition } from "./audio-grid.ts";
import { type AudioSegment, ENCODER_WARMUP_UNITS, sourceSpan } from "./audio-segments.ts";
import { FrameRuns, framesOfSpan, RUNS_MAX } from "./frame-feed.ts";
import type { TranscodableCodec } from "./frame-shape.ts";
import { envelopeFrame, envelopeHeader } from "./matroska-envelope.ts";

/**
 * A program that decodes one track and encodes it as AAC. Its first input is the header of an envelope, all further ones are
 * frames. It puts out ADTS, whose first sample is the one of `ENVELOPE_LEAD_SECONDS`: what comes before is thrown away, what is
 * missing is silence. It ends when its output is no longer iterated.
 */
export interface AudioEncoder {
  encode(job: AudioEncoderJob): Promise<AsyncIterable<Uint8Array>>;
}

/** What an encoder has to know of a track before its first segment. */
export interface EncoderProfile {
  readonly codec: TranscodableCodec;
  readonly sourceRateHz: number;
  readonly rateHz: number;
}

export interface AudioEncoderJob extends EncoderProfile {
  /** Opens the input, which ends or rejects once the signal is aborted. */
  readonly input: (signal: AbortSignal) => AsyncIterable<Uint8Array>;
  /** Aborted when nobody wants the output any more. */
  readonly signal: AbortSignal;
}

export interface EncodeSegmentOptions {
  readonly grid: AudioGrid;
  readonly segment: AudioSegment;
  /**
   * Opens the frames of the source, in the order of their times. They should begin at or before the span that the segment needs
   * (`sourceSpan`), and are left alone behind it. Iterating rejects once the signal is aborted.
   */
  readonly frames: (signal: AbortSignal) => AsyncIterable<readonly GridFrame[]>;
  readonly encoder: AudioEncoder;
  readonly signal: AbortSignal;
}

/** Where the first sample of the output lies in the envelope: encoders count on it. Longer than any pre-roll: one block of FLAC may last 8 s. */
const ENVELOPE_LEAD_SECONDS = 10;

/** Silent units that are handed out at once: ten seconds. */
const SILENT_UNITS_MAX = 480;

/** What encoders of this track have to know. */
export function encoderProfileOf({ shape, sourceRateHz, rateHz }: AudioGrid): EncoderProfile {
  return { codec: shape.codec, sourceRateHz, rateHz };
}

/**
 * Encodes one segment: exactly its units, handed out as they come. Which bytes they have depends on the frames of `sourceSpan`
 * alone. Where frames are missing or damaged there is silence of their length; a segment without any takes no process.
 *
 * Rejects as `frames` or the encoder do, or with the signal's reason. However it ends, the encoder and the frames are let go.
 */
export async function* encodeSegment(options: EncodeSegmentOptions): AsyncGenerator<readonly AccessUnit[], void> {
  const { grid, segment } = options;
  const end = followingController(options.signal);
  const { signal } = end;
  const runs = new FrameRuns(grid, framesOfSpan(grid, sourceSpan(grid, segment), options.frames(signal)));
  let unit = segment.firstUnit;
  try {
    for (let run = 0; run < RUNS_MAX && unit < segment.endUnit; run += 1) {
      const first = await runs.first();
      if (first === undefined) break;
      // The unit before the first sound overlaps with it, unless the run before it has that.
      const start = Math.min(Math.max(unit, unitAt(grid, first.positionSamples) - 1), segment.endUnit);
      yield* silence(grid, unit, start);
      unit = start;
      if (unit === segment.endUnit) return;
      for await (const units of encodedRun({ ...options, signal }, runs, start)) {
        unit += units.length;
        yield units;
      }
    }
    yield* silence(grid, unit, segment.endUnit);
  } finally {
    end.abort(new DOMException("The segment has ended.", "AbortError"));
    await runs.close();
  }
}

/** The units from `start` on that one run of frames gives, by an encoder of its own. */
async function* encodedRun(
  { grid, segment, encoder, signal }: EncodeSegmentOptions,
  runs: FrameRuns,
  start: number,
): AsyncGenerator<readonly AccessUnit[], void> {
  let endUnit = segment.endUnit;
  const input = async function* (): AsyncGenerator<Uint8Array, void> {
    yield* envelope(grid, start, runs.next());
    // Known before the encoder hears that its input ends, and so before it puts out the last units.
    const next = await runs.first();
    if (next !== undefined) endUnit = Math.min(endUnit, Math.max(start, unitAt(grid, next.positionSamples)));
  };
  const output = await encoder.encode({ ...encoderProfileOf(grid), input, signal });
  const adts = new AdtsReader();
  // One unit more: the encoder's first one plays before the first sample it got.
  let unit = start - ENCODER_WARMUP_UNITS - 1;
  for await (const chunk of output) {
    const units: AccessUnit[] = [];
    for (const data of adts.push(chunk)) {
      if (unit >= start && unit < endUnit) units.push(accessUnit(grid, unit, data));
      unit += 1;
    }
    if (units.length > 0) yield units;
    if (unit >= endUnit) return;
  }
}

async function* envelope(
  grid: AudioGrid,
  start: number,
  run: AsyncIterable<readonly GridFrame[]>,
): AsyncGenerator<Uint8Array, void> {
  const originSamples = unitPosition(grid, start - ENCODER_WARMUP_UNITS);
  const secondsOf = ({ positionSamples }: GridFrame): number =>
    Math.max(0, ENVELOPE_LEAD_SECONDS + (positionSamples - originSamples) / grid.sourceRateHz);
  yield envelopeHeader(grid);
  const { toEnvelope } = grid.shape;
  for await (const frames of run) {
    yield concatenate(frames.map((frame) => envelopeFrame(secondsOf(frame), toEnvelope(frame.data))));
  }
}

function* silence(grid: AudioGrid, from: number, to: number): Generator<readonly AccessUnit[], void> {
  for (let start = from; start < to; start += SILENT_UNITS_MAX) {
    const length = Math.min(SILENT_UNITS_MAX, to - start);
    yield Array.from({ length }, (_, index) => accessUnit(grid, start + index, SILENT_UNIT));
  }
}
