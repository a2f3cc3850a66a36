import { availableParallelism } from "node:os";
import { TranscodeError } from "@riptide/core";

/**
 * Room for processes, in copies. A copy takes 1.5 % of a core at 100 Mb/s and 57 MB of memory, so memory is what bounds
 * it: eight on a machine with two cores.
 */
const COPIES_PER_CORE = 4;
/** A video transcode runs as fast as its client reads, on up to two threads: as many at once as there are half cores. */
const VIDEO_TRANSCODE_WEIGHT = 4;
/** When a place may be free again: clients that leave do so at any time. */
const RETRY_AFTER_SECONDS = 5;

/** Four seconds of sound take 0.4 s of one core, and as much memory as a copy. */
export type ProcessCost = "copy" | "audio_segment" | "video_transcode";

/** Hands out places for processes, so that a crowd of clients cannot start a crowd of processes. */
export class ProcessPool {
  /** The number of copies that fit; a video transcode takes the place of four. */
  readonly limit: number;
  #active = 0;
  #usedWeight = 0;

  constructor(limit = COPIES_PER_CORE * availableParallelism()) {
    this.limit = limit;
  }

  /** Processes that hold a place. */
  get active(): number {
    return this.#active;
  }

  /** Takes a place until it is disposed. Throws `TranscodeError` `ffmpeg_busy` if there is none. */
  acquire(cost: ProcessCost): Disposable {
    const weight = cost === "video_transcode" ? VIDEO_TRANSCODE_WEIGHT : 1;
    if (this.#usedWeight + weight > this.limit) {
      throw new TranscodeError("ffmpeg_busy", "Too many films are being converted. Try again in a moment.", {
        retryAfterSeconds: RETRY_AFTER_SECONDS,
      });
    }
    this.#active += 1;
    this.#usedWeight += weight;
    let isHeld = true;
    return {
      [Symbol.dispose]: () => {
        if (!isHeld) return;
        isHeld = false;
        this.#active -= 1;
        this.#usedWeight -= weight;
      },
    };
  }
}
