import { availableParallelism } from "node:os";
import { type Clock, TranscodeError } from "@riptide/core";
import type { FfmpegExit } from "./ffmpeg-process.ts";

/**
 * Room for processes, in copies. A copy takes 1.5 % of a core at 100 Mb/s and 57 MB of memory, so memory is what bounds
 * it: eight on a machine with two cores.
 */
const COPIES_PER_CORE = 4;
/** A video transcode runs as fast as its client reads, on up to two threads: as many at once as there are half cores. */
const VIDEO_TRANSCODE_WEIGHT = 4;
/** When a place may be free again: clients that leave do so at any time. */
const RETRY_AFTER_SECONDS = 5;
/**
 * A viewer who seeks asks for the new stream while the old one is being closed: a process is gone some milliseconds after its
 * connection is. Longer than any of that takes.
 */
const PLACE_WAIT_MS = 2000;
/** Requests that wait: no more than could be served. */
const WAITING_MAX = 64;

/** Four seconds of sound take 0.4 s of one core, and as much memory as a copy. */
export type ProcessCost = "copy" | "audio_segment" | "video_transcode";

interface Waiting {
  readonly weight: number;
  readonly admit: () => void;
}

/** Hands out places for processes, so that a crowd of clients cannot start a crowd of processes. */
export class ProcessPool {
  /** The number of copies that fit; a video transcode takes the place of four. */
  readonly limit: number;
  #active = 0;
  #usedWeight = 0;
  readonly #exits = { finished: 0, stopped: 0, failed: 0, crashed: 0, stalled: 0 };
  readonly #waiting = new Set<Waiting>();

  constructor(limit = COPIES_PER_CORE * availableParallelism()) {
    this.limit = limit;
  }

  /** How many processes ended in which way. */
  get exits(): Readonly<Record<FfmpegExit, number>> {
    return this.#exits;
  }

  countExit(exit: FfmpegExit): void {
    this.#exits[exit] += 1;
  }

  /** Processes that hold a place. */
  get active(): number {
    return this.#active;
  }

  /** Takes a place until it is disposed. Throws `TranscodeError` `ffmpeg_busy` if there is none. */
  acquire(cost: ProcessCost): Disposable {
    const weight = weightOf(cost);
    if (!this.#fits(weight)) throw busy();
    return this.#take(weight);
  }

  /**
   * The same, but waits a moment for a place that is about to be free, in the order of asking. Rejects with `ffmpeg_busy` or with the
   * signal's reason.
   */
  async acquireSoon(cost: ProcessCost, { clock, signal }: { clock: Clock; signal: AbortSignal }): Promise<Disposable> {
    signal.throwIfAborted();
    const weight = weightOf(cost);
    if (this.#waiting.size === 0 && this.#fits(weight)) return this.#take(weight);
    if (weight > this.limit || this.#waiting.size >= WAITING_MAX) throw busy();
    return new Promise((resolve, reject) => {
      const leave = (reason: unknown): void => {
        end();
        reject(reason);
      };
      const abort = (): void => leave(signal.reason);
      const timer = clock.setTimer(PLACE_WAIT_MS, () => leave(busy()));
      const waiting: Waiting = {
        weight,
        admit: () => {
          end();
          resolve(this.#take(weight));
        },
      };
      const end = (): void => {
        this.#waiting.delete(waiting);
        timer[Symbol.dispose]();
        signal.removeEventListener("abort", abort);
      };
      this.#waiting.add(waiting);
      signal.addEventListener("abort", abort);
    });
  }

  #fits(weight: number): boolean {
    return this.#usedWeight + weight <= this.limit;
  }

  #take(weight: number): Disposable {
    this.#active += 1;
    this.#usedWeight += weight;
    let isHeld = true;
    return {
      [Symbol.dispose]: () => {
        if (!isHeld) return;
        isHeld = false;
        this.#active -= 1;
        this.#usedWeight -= weight;
        this.#admit();
      },
    };
  }

  /** The first who waits goes first: a larger one would wait for ever behind smaller ones. */
  #admit(): void {
    for (const { weight, admit } of this.#waiting) {
      if (!this.#fits(weight)) return;
      admit();
    }
  }
}

function weightOf(cost: ProcessCost): number {
  return cost === "video_transcode" ? VIDEO_TRANSCODE_WEIGHT : 1;
}

function busy(): TranscodeError {
  return new TranscodeError("ffmpeg_busy", "Too many films are being converted. Try again in a moment.", {
    retryAfterSeconds: RETRY_AFTER_SECONDS,
  });
}
