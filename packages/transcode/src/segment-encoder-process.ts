import { abortable, type Clock } from "@riptide/core";
import type { FfmpegInstallation } from "./discover-ffmpeg.ts";
import { type FfmpegProcess, startFfmpegProcess } from "./ffmpeg-process.ts";
import type { Input } from "./input-pump.ts";
import { type EncoderProfile, segmentEncoderArguments } from "./segment-encoder-arguments.ts";

export interface SegmentEncoderOptions {
  readonly ffmpeg: FfmpegInstallation;
  readonly profile: EncoderProfile;
  readonly clock: Clock;
}

/** One process that encodes one segment, and until it gets that waits at its input. */
export class SegmentEncoder {
  readonly #process: FfmpegProcess;
  readonly #abort: AbortController;
  readonly #give: (input: Input) => void;

  /** Rejects with `TranscodeError` `ffmpeg_failed` if the process cannot be started. */
  static async start({ ffmpeg, profile, clock }: SegmentEncoderOptions): Promise<SegmentEncoder> {
    const abort = new AbortController();
    const given = deferred<Input>();
    const process = await startFfmpegProcess({
      path: ffmpeg.path,
      launcher: ffmpeg.confinement?.launchers.audio_segment,
      arguments: segmentEncoderArguments(profile),
      async *input(signal) {
        const input = await abortable(given.promise, signal);
        yield* input(signal);
      },
      clock,
      signal: abort.signal,
      isKilledAtOnce: true,
    });
    return new SegmentEncoder(process, abort, given.resolve);
  }

  private constructor(process: FfmpegProcess, abort: AbortController, give: (input: Input) => void) {
    this.#process = process;
    this.#abort = abort;
    this.#give = give;
  }

  /** Resolves when the process is gone, with how it went. */
  get exited(): FfmpegProcess["exited"] {
    return this.#process.exited;
  }

  /** Gives it its segment, once. Aborting the signal, or cancelling the output, kills the process. */
  begin(input: Input, signal: AbortSignal): ReadableStream<Uint8Array> {
    const stop = (): void => this.stop(signal.reason);
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop, { once: true });
    void this.exited.then(() => signal.removeEventListener("abort", stop));
    this.#give(input);
    return this.#process.output;
  }

  /** Kills the process; whoever reads its output is told the reason. */
  stop(reason: unknown): void {
    this.#abort.abort(reason);
  }
}

/** A promise that its owner resolves. */
function deferred<T>(): { readonly promise: Promise<T>; readonly resolve: (value: T) => void } {
  const resolvers: ((value: T) => void)[] = [];
  const promise = new Promise<T>((resolve) => resolvers.push(resolve));
  return { promise, resolve: (value) => resolvers[0]!(value) };
}
