import type { Checks } from "../provider/index.ts";
import { Deferred } from "./deferred.ts";

/** A write of ours is told of within this. What changes a file later than that after the last one is somebody else's doing. */
const OWN_WRITE_MS = 2_000;
/** What was right so long ago may no longer be what the disk gives back: disks forget. */
const CHECK_AGE_MS = 60 * 60_000;

/**
 * Which pieces of one torrent are known to be right on the disk. Those that an earlier session left there, that lie in a
 * file that somebody else has written to, or whose last check is long ago, are hashed once more before they are served.
 * Times are those of the wall clock, as the file system stamps files.
 */
export class PieceChecks implements Checks {
  readonly #send: (piece: number) => void;
  readonly #nowMs: () => number;
  /** When each piece was known to be right. */
  readonly #rightMs = new Map<number, number>();
  readonly #pending = new Map<number, { readonly modifiedMs: number; readonly settled: Deferred<void> }>();
  #lastWrittenMs = 0;
  /** When somebody else last wrote to a file, as far as was seen. */
  #foreignMs = 0;

  /** `send` asks the session, which answers with `checked`. */
  constructor(send: (piece: number) => void, nowMs: () => number = Date.now) {
    this.#send = send;
    this.#nowMs = nowMs;
  }

  /** Its hash was right in memory, and it was written. */
  written(piece: number): void {
    this.#lastWrittenMs = this.#nowMs();
    this.#rightMs.set(piece, this.#lastWrittenMs);
  }

  /** Whether the piece must be checked before it is served from a file that was last modified then. */
  isDoubtful(piece: number, modifiedMs: number): boolean {
    // Once seen, for all pieces: what we write after that must not hide it.
    if (modifiedMs > this.#lastWrittenMs + OWN_WRITE_MS) this.#foreignMs = Math.max(this.#foreignMs, modifiedMs);
    const rightMs = this.#rightMs.get(piece) ?? Number.NEGATIVE_INFINITY;
    return rightMs < this.#foreignMs || this.#nowMs() - rightMs > CHECK_AGE_MS;
  }

  /** The disk could not read it. */
  doubt(piece: number): void {
    this.#rightMs.delete(piece);
  }

  /** Has the piece hashed; resolves when there is an answer. It may be gone then. */
  check(piece: number, modifiedMs: number): Promise<void> {
    const pending = this.#pending.get(piece);
    if (pending !== undefined) return pending.settled.wait();
    const settled = new Deferred<void>();
    this.#pending.set(piece, { modifiedMs, settled });
    this.#send(piece);
    return settled.wait();
  }

  /** The session has looked. */
  checked(piece: number, isRight: boolean): void {
    const pending = this.#pending.get(piece);
    // A file that was modified in the future, by a clock that was set back, must not be doubted for ever.
    if (isRight) this.#rightMs.set(piece, Math.max(this.#nowMs(), pending?.modifiedMs ?? 0));
    this.#settle(piece);
  }

  /** A new session knows nothing of what the last one was asked, and may have another disk under it. */
  sessionStarted(): void {
    this.#rightMs.clear();
    for (const piece of this.#pending.keys()) this.#send(piece);
  }

  /** Nobody will answer any more. */
  end(): void {
    for (const piece of this.#pending.keys()) this.#settle(piece);
  }

  #settle(piece: number): void {
    const settled = this.#pending.get(piece)?.settled;
    this.#pending.delete(piece);
    settled?.resolve();
  }
}
