import { type Clock, TranscodeError } from "@riptide/core";
import { remuxArguments } from "./arguments.ts";
import type { FfmpegInstallation } from "./discover-ffmpeg.ts";
import { startFfmpegProcess } from "./ffmpeg-process.ts";
import type { Input } from "./input-pump.ts";
import { ProcessPool } from "./process-pool.ts";
import type { RemuxPlan } from "./remux-plan.ts";

export interface TranscoderOptions {
  readonly ffmpeg: FfmpegInstallation;
  readonly clock: Clock;
  /** Room for processes, in copies. Default by the number of cores. */
  readonly processLimit?: number;
  /** Room that is shared with others, in place of an own limit. */
  readonly pool?: ProcessPool;
}

export interface RemuxJob {
  readonly plan: RemuxPlan;
  readonly input: Input;
  /** Aborted when nobody wants the output any more. */
  readonly signal: AbortSignal;
}

/** The one way to run ffmpeg: a plan in, fragmented MP4 out, never more processes than there is room for. */
export class Transcoder {
  readonly ffmpeg: FfmpegInstallation;
  readonly #clock: Clock;
  readonly #pool: ProcessPool;

  constructor({ ffmpeg, clock, processLimit, pool = new ProcessPool(processLimit) }: TranscoderOptions) {
    this.ffmpeg = ffmpeg;
    this.#clock = clock;
    this.#pool = pool;
  }

  /** Processes that run now. */
  get active(): number {
    return this.#pool.active;
  }

  /** How many copies may run at once; a video transcode takes the place of four. */
  get limit(): number {
    return this.#pool.limit;
  }

  /**
   * Throws `TranscodeError` `ffmpeg_missing` if the plan needs what this ffmpeg lacks, so that a caller can say so before
   * anything is started.
   */
  assertCan(plan: RemuxPlan): void {
    if (plan.video?.codec !== "h264" || this.ffmpeg.canEncodeH264) return;
    throw new TranscodeError(
      "ffmpeg_missing",
      "This film must be converted to H.264, which your ffmpeg cannot do. Install one that has libx264.",
    );
  }

  /**
   * Starts a process and hands out its output, which behaves as `FfmpegProcess.output` says. Its place is free again as soon
   * as the process is gone. Rejects with `ffmpeg_missing`, `ffmpeg_busy`, `ffmpeg_failed` or the signal's reason.
   */
  async start({ plan, input, signal }: RemuxJob): Promise<ReadableStream<Uint8Array>> {
    this.assertCan(plan);
    const place = this.#pool.acquire(plan.video?.codec === "h264" ? "video_transcode" : "copy");
    try {
      const ffmpeg = await startFfmpegProcess({
        path: this.ffmpeg.path,
        arguments: remuxArguments(plan),
        input,
        clock: this.#clock,
        signal,
      });
      void ffmpeg.exited.then(() => place[Symbol.dispose]());
      return ffmpeg.output;
    } catch (error) {
      place[Symbol.dispose]();
      throw error;
    }
  }
}
