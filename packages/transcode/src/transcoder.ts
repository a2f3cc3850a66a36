import { availableParallelism } from "node:os";
import { abortable, type Clock, TranscodeError } from "@riptide/core";
import { remuxArguments } from "./arguments.ts";
import type { FfmpegWork, Isolation } from "./confinement.ts";
import type { FfmpegInstallation } from "./discover-ffmpeg.ts";
import { startFfmpegProcess } from "./ffmpeg-process.ts";
import { findEncoder, type Machine } from "./find-encoder.ts";
import { type H264Encoder, type H264Encoding, h264Encoding } from "./h264-encoding.ts";
import type { Input } from "./input-pump.ts";
import { ProcessPool } from "./process-pool.ts";
import type { PictureShape, RemuxPlan } from "./remux-plan.ts";

export interface TranscoderOptions {
  readonly ffmpeg: FfmpegInstallation;
  readonly clock: Clock;
  /** Room for processes, in copies. Default by the number of cores. */
  readonly processLimit?: number;
  /** Room that is shared with others, in place of an own limit. */
  readonly pool?: ProcessPool;
  /** Where hardware is looked for. Default: here. */
  readonly machine?: Machine;
}

export interface RemuxJob {
  readonly plan: RemuxPlan;
  /** Opened once more if the process has to be started anew. */
  readonly input: Input;
  /** Aborted when nobody wants the output any more. */
  readonly signal: AbortSignal;
  /** Who wants it: `ProcessPool`. */
  readonly client?: string | undefined;
}

/** The one way to run ffmpeg on films: a plan in, fragmented MP4 out, never more processes than there is room for. */
export class Transcoder {
  readonly ffmpeg: FfmpegInstallation;
  readonly #clock: Clock;
  readonly #pool: ProcessPool;
  readonly #findEncoder: (signal: AbortSignal) => Promise<H264Encoder | undefined>;
  #encoder: Promise<H264Encoder | undefined> | undefined;

  constructor({ ffmpeg, clock, processLimit, pool = new ProcessPool(processLimit), machine }: TranscoderOptions) {
    this.ffmpeg = ffmpeg;
    this.#clock = clock;
    this.#pool = pool;
    this.#findEncoder = (signal) => findEncoder(ffmpeg, { signal, ...(machine && { machine }) });
  }

  /** Processes that run now. */
  get active(): number {
    return this.#pool.active;
  }

  /** What of this machine its processes cannot reach. */
  get isolation(): Isolation {
    return this.ffmpeg.confinement?.isolation ?? "nothing";
  }

  /** How many copies may run at once; a video transcode takes the place of four. */
  get limit(): number {
    return this.#pool.limit;
  }

  /**
   * Rejects with `TranscodeError` `ffmpeg_missing` if the plan needs what this ffmpeg lacks, so that a caller can say so before
   * anything is started; with the signal's reason if that is aborted first. Hardware is looked for the first time that it could help.
   */
  async assertCan(plan: RemuxPlan, signal: AbortSignal): Promise<void> {
    if (plan.video?.codec === "h264") await this.#h264Encoder(signal);
  }

  /**
   * Starts a process and hands out its output, which behaves as `FfmpegProcess.output` says. Its place is free again as soon
   * as the process is gone, and a place that is about to be free is waited for. Hardware that fails before it has put out anything
   * is not used any more. Rejects with `ffmpeg_missing`, `ffmpeg_busy`, `ffmpeg_failed` or the signal's reason.
   */
  async start(job: RemuxJob): Promise<ReadableStream<Uint8Array>> {
    const { video } = job.plan;
    if (video?.codec !== "h264") return this.#run(job, undefined);
    const encoder = await this.#h264Encoder(job.signal);
    const output = await this.#run(job, encodingOf(video.shape, encoder));
    if (encoder === "libx264" || !this.ffmpeg.canEncodeH264) return output;
    return (await startedOutput(output)) ?? (await this.#startWithoutHardware(job, video.shape));
  }

  #startWithoutHardware(job: RemuxJob, shape: PictureShape | undefined): Promise<ReadableStream<Uint8Array>> {
    job.signal.throwIfAborted();
    this.#encoder = Promise.resolve("libx264");
    return this.#run(job, encodingOf(shape, "libx264"));
  }

  async #h264Encoder(signal: AbortSignal): Promise<H264Encoder> {
    // Whoever asks first may leave: the others wait for the same answer.
    this.#encoder ??= this.#findEncoder(new AbortController().signal);
    const encoder = await abortable(this.#encoder, signal);
    if (encoder !== undefined) return encoder;
    throw new TranscodeError(
      "ffmpeg_missing",
      "This film must be converted to H.264, which your ffmpeg cannot do. Install one that has libx264.",
    );
  }

  async #run(
    { plan, input, signal, client }: RemuxJob,
    encoding: H264Encoding | undefined,
  ): Promise<ReadableStream<Uint8Array>> {
    const cost = encoding === undefined ? "copy" : "video_transcode";
    const place = await this.#pool.acquireSoon(cost, { clock: this.#clock, signal, client });
    try {
      const ffmpeg = await startFfmpegProcess({
        path: this.ffmpeg.path,
        launcher: this.ffmpeg.confinement?.launchers[workOf(encoding)],
        arguments: remuxArguments(plan, encoding),
        input,
        clock: this.#clock,
        signal,
        // There is nothing to finish, and who seeks waits for the place.
        isKilledAtOnce: true,
      });
      void ffmpeg.exited.then((exit) => {
        place[Symbol.dispose]();
        this.#pool.countExit(exit);
      });
      return ffmpeg.output;
    } catch (error) {
      place[Symbol.dispose]();
      throw error;
    }
  }
}

function workOf(encoding: H264Encoding | undefined): FfmpegWork {
  return encoding === undefined || encoding.encoder === "libx264" ? "conversion" : "hardware_conversion";
}

const UNKNOWN_SHAPE: PictureShape = {
  widthPixels: undefined,
  heightPixels: undefined,
  framesPerSecond: undefined,
  isDearToDecode: true,
};

function encodingOf(shape: PictureShape | undefined, encoder: H264Encoder): H264Encoding {
  return h264Encoding(shape ?? UNKNOWN_SHAPE, { encoder, cores: availableParallelism() });
}

/** The output once its first bytes are there; undefined if the process fails, or ends, before that. */
async function startedOutput(output: ReadableStream<Uint8Array>): Promise<ReadableStream<Uint8Array> | undefined> {
  const reader = output.getReader();
  const first = await reader.read().catch((error: unknown) => {
    if (error instanceof TranscodeError) return undefined;
    throw error;
  });
  if (first?.value === undefined) return undefined;
  let ahead: Uint8Array | undefined = first.value;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const chunk = ahead ?? (await reader.read()).value;
        ahead = undefined;
        if (chunk === undefined) controller.close();
        else controller.enqueue(chunk);
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}
