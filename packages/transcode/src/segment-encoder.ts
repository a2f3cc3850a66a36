import type { Clock } from "@riptide/core";
import type { FfmpegInstallation } from "./discover-ffmpeg.ts";
import type { Input } from "./input-pump.ts";
import type { ProcessPool } from "./process-pool.ts";
import type { EncoderProfile } from "./segment-encoder-arguments.ts";
import { SegmentEncoder } from "./segment-encoder-process.ts";
import { SpareEncoders } from "./segment-encoder-spares.ts";

export interface AudioEncoderPoolOptions {
  readonly ffmpeg: FfmpegInstallation;
  readonly clock: Clock;
  /** Room for the processes that encode, shared with the other users of ffmpeg; spares take none. */
  readonly pool: ProcessPool;
}

/** One segment of sound: a profile, what goes in, and who wants it. */
export interface SegmentJob extends EncoderProfile {
  /** An envelope of Matroska as `segmentEncoderArguments` expects it. */
  readonly input: Input;
  /** Aborted when nobody wants the output any more. */
  readonly signal: AbortSignal;
  /** Who wants it: `ProcessPool`. */
  readonly client?: string | undefined;
}

/**
 * The next process starts when a viewer who looked for this segment sees and hears it: to start one costs a tenth of a second of a core,
 * which the player needs for its pictures and the encoder for the first units.
 */
const REFILL_DELAY_MS = 300;

/**
 * Encodes segments of sound, each in a process of its own that is killed as soon as its reader has enough. A process takes a tenth
 * of a second to start, so that a spare one waits for the next segment of each profile that was asked for lately.
 */
export class AudioEncoderPool implements AsyncDisposable {
  readonly #options: AudioEncoderPoolOptions;
  readonly #spares: SpareEncoders;
  /** All that run, spares included. */
  readonly #running = new Set<SegmentEncoder>();
  #isDisposed = false;

  constructor(options: AudioEncoderPoolOptions) {
    this.#options = options;
    this.#spares = new SpareEncoders({ start: (profile) => this.#start(profile), clock: options.clock });
  }

  /** Processes that run, spares included. */
  get running(): number {
    return this.#running.size;
  }

  /** Processes that wait for a segment. */
  get spares(): number {
    return this.#spares.count;
  }

  /**
   * Starts to encode a segment. What comes out is ADTS; it ends, fails and is cancelled as `FfmpegProcess.output` says, with a kill
   * in place of a request to end. Rejects with `TranscodeError` `ffmpeg_busy` or `ffmpeg_failed`, or with the signal's reason.
   */
  async encode(job: SegmentJob): Promise<ReadableStream<Uint8Array>> {
    job.signal.throwIfAborted();
    const place = this.#options.pool.acquire("audio_segment", job.client);
    try {
      const encoder = this.#spares.take(job) ?? (await this.#start(job));
      void encoder.exited.then(() => place[Symbol.dispose]());
      this.#spares.prepare(profileOf(job), REFILL_DELAY_MS);
      return encoder.begin(job.input, job.signal);
    } catch (error) {
      place[Symbol.dispose]();
      throw error;
    }
  }

  /** Has a process wait for the first segment of a profile: worth it as soon as a playlist is asked for. */
  prepare(profile: EncoderProfile): void {
    this.#spares.prepare(profile, 0);
  }

  /** Kills all processes: what is read from them fails. Resolves when they are gone. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isDisposed = true;
    this.#spares[Symbol.dispose]();
    for (const encoder of this.#running) encoder.stop(ENDING);
    await Promise.all([...this.#running].map(({ exited }) => exited));
  }

  async #start(profile: EncoderProfile): Promise<SegmentEncoder> {
    const { ffmpeg, clock, pool } = this.#options;
    const encoder = await SegmentEncoder.start({ ffmpeg, profile, clock });
    this.#running.add(encoder);
    void encoder.exited.then((exit) => {
      this.#running.delete(encoder);
      pool.countExit(exit);
    });
    if (this.#isDisposed) encoder.stop(ENDING);
    return encoder;
  }
}

const ENDING = new DOMException("The server is ending.", "AbortError");

function profileOf({ codec, sourceRateHz, rateHz }: EncoderProfile): EncoderProfile {
  return { codec, sourceRateHz, rateHz };
}
