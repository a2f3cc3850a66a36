import { type Clock, TranscodeError } from "@riptide/core";
import type { FfmpegInstallation } from "./discover-ffmpeg.ts";
import { startFfmpegProcess } from "./ffmpeg-process.ts";
import { ProcessPool } from "./process-pool.ts";
import { type ThumbnailPlan, thumbnailArguments } from "./thumbnail-arguments.ts";

/** More than a picture of 320 by 640 pixels full of noise takes. */
const JPEG_MAX_BYTES = 256 * 1024;

export interface ThumbnailJob {
  readonly plan: ThumbnailPlan;
  /** Matroska of our own making that holds one keyframe. */
  readonly envelope: Uint8Array;
  /** Aborted when nobody wants the picture any more. */
  readonly signal: AbortSignal;
  /** Who wants it: of those that wait, so many may be his. */
  readonly client?: string | undefined;
}

/** Makes small pictures, one after the other: they must not slow down what plays. */
export class Thumbnailer {
  readonly #ffmpeg: FfmpegInstallation;
  readonly #clock: Clock;
  readonly #pool: ProcessPool;
  readonly #turns = new ProcessPool(1);

  /** @param pool room that is shared with what plays */
  constructor({ ffmpeg, clock, pool }: { ffmpeg: FfmpegInstallation; clock: Clock; pool: ProcessPool }) {
    this.#ffmpeg = ffmpeg;
    this.#clock = clock;
    this.#pool = pool;
  }

  /** A JPEG. Rejects with `ffmpeg_busy`, `ffmpeg_failed`, `ffmpeg_stalled` or the signal's reason; the process is then gone. */
  async picture({ plan, envelope, signal, client }: ThumbnailJob): Promise<Uint8Array> {
    const waiting = { clock: this.#clock, signal };
    using _turn = await this.#turns.acquireSoon("copy", { ...waiting, client });
    // Nobody's own: who has his share of what plays would wait for it, and all others for him.
    using _place = await this.#pool.acquireSoon("copy", waiting);
    const ffmpeg = await startFfmpegProcess({
      path: this.#ffmpeg.path,
      launcher: this.#ffmpeg.confinement?.launchers.picture,
      arguments: thumbnailArguments(plan),
      input: async function* () {
        yield envelope;
      },
      clock: this.#clock,
      signal,
      isKilledAtOnce: true,
    });
    try {
      return await wholeOf(ffmpeg.output);
    } finally {
      await ffmpeg.exited;
    }
  }
}

async function wholeOf(output: ReadableStream<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let lengthBytes = 0;
  for await (const chunk of output) {
    chunks.push(chunk);
    lengthBytes += chunk.length;
    if (lengthBytes > JPEG_MAX_BYTES) break; // which ends the process
  }
  if (lengthBytes > 0 && lengthBytes <= JPEG_MAX_BYTES) return new Uint8Array(Buffer.concat(chunks));
  throw new TranscodeError("ffmpeg_failed", "ffmpeg could not make a picture of this place. Try another one.");
}
