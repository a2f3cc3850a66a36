import type { Sample, SampleList } from "../samples/sample.ts";
import type { Chunks } from "./chunks.ts";
import type { RunTable } from "./run-table.ts";

/** Values of sound in a packet: what ffmpeg takes, a fiftieth of a second at 48 kHz. */
const FRAME_LENGTH_SAMPLES = 1024;

interface SoundFramesOptions {
  readonly sampleSizeBytes: number;
  readonly shiftTicks: number;
  /** How many frames may be listed. */
  readonly limit: number;
}

/**
 * Uncompressed sound, whose samples (ISO/IEC 14496-12 §3.1.14) are single values, one tick long and all of one size: cut into
 * frames of 1024 values, and of what is left at the end of each chunk.
 */
export class SoundFrames implements SampleList {
  readonly count: number;
  readonly packetTicks = undefined;
  readonly syncNumbers = undefined;
  readonly #chunks: Chunks;
  /** Items are chunks, their sum counts frames. */
  readonly #framesPerChunk: RunTable;
  readonly #options: SoundFramesOptions;

  constructor(chunks: Chunks, options: SoundFramesOptions) {
    this.#chunks = chunks;
    this.#options = options;
    this.#framesPerChunk = chunks.runs((samples) => Math.ceil(samples / FRAME_LENGTH_SAMPLES));
    this.count = Math.min(this.#framesPerChunk.sum, options.limit);
  }

  dtsTicksOf(number: number): number {
    return this.#frame(number).dtsTicks;
  }

  *samples(numbers: Iterable<number>): Generator<Sample, void> {
    for (const number of numbers) {
      if (number >= this.count) return;
      yield this.#frame(number);
    }
  }

  #frame(number: number): Sample {
    const frames = this.#framesPerChunk.runOfSum(number)!;
    const chunk = frames.firstItem + Math.floor((number - frames.firstSum) / frames.value);
    const samples = this.#chunks.samplesPerChunk.runOfItem(chunk)!;
    const start = ((number - frames.firstSum) % frames.value) * FRAME_LENGTH_SAMPLES;
    const durationTicks = Math.min(FRAME_LENGTH_SAMPLES, samples.value - start);
    const dtsTicks = this.#options.shiftTicks + samples.firstSum + (chunk - samples.firstItem) * samples.value + start;
    return {
      offsetBytes: this.#chunks.offsetOf(chunk) + start * this.#options.sampleSizeBytes,
      sizeBytes: durationTicks * this.#options.sampleSizeBytes,
      dtsTicks,
      ptsTicks: dtsTicks,
      durationTicks,
      isKeyframe: true,
    };
  }
}
