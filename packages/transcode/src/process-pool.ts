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
/** Of one client: a player waits for one or two. */
const WAITING_MAX_OF_ONE = 16;
/** Of all places, as many may be one client's: always enough for a film, and never all where there is room for two. */
const SHARE_OF_ONE = 3 / 4;

/** Four seconds of sound take 0.4 s of one core, and as much memory as a copy. */
export type ProcessCost = "copy" | "audio_segment" | "video_transcode";

interface Waiting {
  readonly weight: number;
  readonly client: string | undefined;
  readonly admit: () => void;
}

/**
 * Hands out places for processes, so that a crowd of clients cannot start a crowd of processes, and one client cannot take them all. Who
 * is not named has no share.
 */
export class ProcessPool {
  /** The number of copies that fit; a video transcode takes the place of four. */
  readonly limit: number;
  #active = 0;
  #usedWeight = 0;
  readonly #exits = { finished: 0, stopped: 0, failed: 0, crashed: 0, stalled: 0 };
  readonly #weightOfClient = new Map<string, number>();
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
  acquire(cost: ProcessCost, client?: string): Disposable {
    const weight = weightOf(cost);
    if (!this.#fits(weight) || !this.#isWithinShare(weight, client)) throw busy();
    return this.#take(weight, client);
  }

  /**
   * The same, but waits a moment for a place that is about to be free, in the order of asking; who has his share is passed over.
   * Rejects with `ffmpeg_busy` or with the signal's reason.
   */
  async acquireSoon(cost: ProcessCost, { clock, signal, client }: AcquireOptions): Promise<Disposable> {
    signal.throwIfAborted();
    const weight = weightOf(cost);
    if (weight > this.limit || !this.#mayWait(client)) throw busy();
    return new Promise((resolve, reject) => {
      const leave = (reason: unknown): void => {
        end();
        reject(reason);
      };
      const abort = (): void => leave(signal.reason);
      const timer = clock.setTimer(PLACE_WAIT_MS, () => leave(busy()));
      const waiting: Waiting = {
        weight,
        client,
        admit: () => {
          end();
          resolve(this.#take(weight, client));
        },
      };
      const end = (): void => {
        this.#waiting.delete(waiting);
        timer[Symbol.dispose]();
        signal.removeEventListener("abort", abort);
      };
      this.#waiting.add(waiting);
      signal.addEventListener("abort", abort);
      this.#admit();
    });
  }

  #mayWait(client: string | undefined): boolean {
    if (client === undefined) return this.#waiting.size < WAITING_MAX;
    const own = [...this.#waiting].filter((waiting) => waiting.client === client).length;
    return this.#waiting.size < WAITING_MAX && own < WAITING_MAX_OF_ONE;
  }

  #fits(weight: number): boolean {
    return this.#usedWeight + weight <= this.limit;
  }

  /** Whether a client would still have no more than its share: enough for any one process, wherever there is room for that. */
  #isWithinShare(weight: number, client: string | undefined): boolean {
    if (client === undefined) return true;
    const share = Math.max(VIDEO_TRANSCODE_WEIGHT, Math.floor(this.limit * SHARE_OF_ONE));
    return (this.#weightOfClient.get(client) ?? 0) + weight <= share;
  }

  #count(client: string | undefined, weight: number): void {
    if (client === undefined) return;
    const sum = (this.#weightOfClient.get(client) ?? 0) + weight;
    if (sum > 0) this.#weightOfClient.set(client, sum);
    else this.#weightOfClient.delete(client);
  }

  #take(weight: number, client: string | undefined): Disposable {
    this.#active += 1;
    this.#usedWeight += weight;
    this.#count(client, weight);
    let isHeld = true;
    return {
      [Symbol.dispose]: () => {
        if (!isHeld) return;
        isHeld = false;
        this.#active -= 1;
        this.#usedWeight -= weight;
        this.#count(client, -weight);
        this.#admit();
      },
    };
  }

  /** The first who waits goes first: a larger one would wait for ever behind smaller ones. */
  #admit(): void {
    for (const { weight, client, admit } of this.#waiting) {
      if (!this.#isWithinShare(weight, client)) continue;
      if (!this.#fits(weight)) return;
      admit();
    }
  }
}

interface AcquireOptions {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly client?: string | undefined;
}

function weightOf(cost: ProcessCost): number {
  return cost === "video_transcode" ? VIDEO_TRANSCODE_WEIGHT : 1;
}

function busy(): TranscodeError {
  return new TranscodeError("ffmpeg_busy", "Too many films are being converted. Try again in a moment.", {
    retryAfterSeconds: RETRY_AFTER_SECONDS,
  });
}
