import { type AudioGrid, type GridFrame, samplesOf } from "./audio-grid.ts";
import type { SourceSpan } from "./audio-segments.ts";

/** Times that are off by less are the container's, not the sound's: what follows a frame starts where that ends. */
const JITTER_MAX_SECONDS = 0.03;
/** The largest frame of FLAC, 65,535 samples of eight channels in 32 bits, is half as long. Longer ones are left out. */
const FRAME_MAX_BYTES = 4 * 1024 * 1024;

/** Films change the format of their sound for an advertisement. More changes within a segment are damage, or malice. */
export const RUNS_MAX = 4;
/** A gap this long is made of silent units: ffmpeg would hold all of it in memory. */
const GAP_MAX_SECONDS = 10;

/**
 * The frames of a span, in the places where their sound goes. They are the same wherever `frames` begins, if only it begins before
 * the span. Ends at the first frame behind the span.
 */
export async function* framesOfSpan(
  grid: AudioGrid,
  span: SourceSpan,
  frames: AsyncIterable<readonly GridFrame[]>,
): AsyncGenerator<readonly GridFrame[], void> {
  const chain = new FrameChain(grid);
  for await (const batch of frames) {
    const wanted: GridFrame[] = [];
    const end = batch.findIndex(({ positionSamples }) => positionSamples >= span.toSamples);
    for (const frame of end < 0 ? batch : batch.slice(0, end)) {
      const isUsable = frame.data.length > 0 && frame.data.length <= FRAME_MAX_BYTES;
      if (isUsable && frame.positionSamples > span.fromSamples) wanted.push(chain.next(frame));
    }
    if (wanted.length > 0) yield wanted;
    if (end >= 0) return;
  }
}

/** Puts each frame to the end of the one before it, unless there is a gap between them. */
class FrameChain {
  readonly #grid: AudioGrid;
  readonly #jitterSamples: number;
  #previous: Uint8Array | undefined;
  #expectedSamples: number | undefined;

  constructor(grid: AudioGrid) {
    this.#grid = grid;
    this.#jitterSamples = JITTER_MAX_SECONDS * grid.sourceRateHz;
  }

  next({ positionSamples: told, data }: GridFrame): GridFrame {
    const expected = this.#expectedSamples;
    const follows = expected !== undefined && Math.abs(told - expected) <= this.#jitterSamples;
    const positionSamples = follows ? expected : told;
    const isSilent = this.#grid.shape.isFirstFrameSilent && this.#previous === undefined;
    // The sound of the second frame starts where that one says.
    this.#expectedSamples = isSilent ? undefined : positionSamples + samplesOf(this.#grid, data, this.#previous);
    this.#previous = data;
    return { positionSamples, data };
  }
}

/**
 * Frames, taken in runs of one format and without long gaps, at most `RUNS_MAX`: an encoder whose input changes its format would
 * lose its place in time.
 */
export class FrameRuns {
  readonly #grid: AudioGrid;
  readonly #frames: AsyncGenerator<readonly GridFrame[], void>;
  #pending: readonly GridFrame[] | undefined;
  #format: string | undefined;
  #lastPositionSamples: number | undefined;
  #runs = 0;

  constructor(grid: AudioGrid, frames: AsyncGenerator<readonly GridFrame[], void>) {
    this.#grid = grid;
    this.#frames = frames;
  }

  /** The first frame of the next run; undefined at the end. */
  async first(): Promise<GridFrame | undefined> {
    if (this.#pending === undefined) {
      const { value } = await this.#frames.next();
      this.#pending = value ?? undefined;
    }
    return this.#pending?.[0];
  }

  /** The frames of the next run. What follows it is kept for the one after it. */
  async *next(): AsyncGenerator<readonly GridFrame[], void> {
    this.#runs += 1;
    this.#format = undefined;
    this.#lastPositionSamples = undefined;
    while ((await this.first()) !== undefined) {
      const batch = this.#pending!;
      this.#pending = undefined;
      const end = batch.findIndex((frame) => this.#isOfNextRun(frame));
      const frames = end < 0 ? batch : batch.slice(0, end);
      if (end >= 0) this.#pending = batch.slice(end);
      if (frames.length > 0) yield frames;
      if (end >= 0) return;
    }
  }

  #isOfNextRun({ positionSamples, data }: GridFrame): boolean {
    if (this.#runs >= RUNS_MAX) return false;
    const format = this.#grid.shape.formatOf(data);
    this.#format ??= format;
    const gapSamples = positionSamples - (this.#lastPositionSamples ?? positionSamples);
    this.#lastPositionSamples = positionSamples;
    return (format !== undefined && format !== this.#format) || gapSamples > GAP_MAX_SECONDS * this.#grid.sourceRateHz;
  }

  /** Lets the source go. */
  async close(): Promise<void> {
    await this.#frames.return().catch(() => {}); // who asked for it knows what went wrong
  }
}
