import { assertInvariant, type ByteRange, type Clock, type Demand } from "@riptide/core";
import type { KeptPieces } from "../../src/engine/kept-pieces.ts";
import { piecesIn } from "../../src/engine/plan-eviction.ts";
import type { TorrentRecord } from "../../src/engine/torrent-record.ts";
import { pieceLength } from "../../src/types.ts";

/** All windows together may take this part of the budget, */
const WINDOW_SHARE = 1 / 2;
/** and each of them so much in any case. */
const MIN_WINDOW_BYTES = 1024 * 1024;
/** So much of a small budget is kept free, and goes on top of what must go. */
const EXTRA_SHARE = 1 / 8;
/** What goes last of a film: so much of each end, */
const FILE_END_SHARE = 1 / 16;
/** or so much of a long one. */
const FILE_END_BYTES = 8 * 1024 * 1024;
/** The budget is looked at so long after something has changed. */
const REVIEW_MS = 20;
/** What held pieces may let them go unnoticed for so long. */
const HELD_REVIEW_MS = 500;
/** What others get of a disk that has no room for all of the budget. */
const FREE_SHARE = 1 / 16;

export interface BudgetChecksOptions {
  readonly maxBytes: number;
  readonly clock: Clock;
  /** From the decision that a piece goes until it is known to be gone. */
  readonly answerMs: number;
}

/**
 * What the disk budget promises, worked out once more from what readers demand: it is asked at each eviction, and whenever
 * something comes or is demanded.
 */
export class BudgetChecks {
  readonly #record: TorrentRecord;
  readonly #pieces: KeptPieces;
  readonly #options: BudgetChecksOptions;
  /** The room on the disk, if that is less than the budget. */
  #roomBytes: number;
  #asked: { readonly freeBytes: number; readonly plans: number; readonly twiceBytes: number } | undefined;
  #plans = 0;
  #keptBytes: number;
  /** When each piece came or was last read. */
  readonly #usedMs = new Map<number, number>();
  #heldUpUntilMs = 0;
  /** What came, and how much could not go, as long as an answer takes. */
  #moments: { readonly atMs: number; readonly cameBytes: number; readonly heldBytes: number }[] = [];

  constructor(record: TorrentRecord, options: BudgetChecksOptions) {
    const { pieces } = record;
    assertInvariant(pieces !== undefined, "The torrent must be open");
    this.#record = record;
    this.#pieces = pieces;
    this.#options = options;
    this.#roomBytes = options.maxBytes;
    this.#keptBytes = pieces.keptBytes;
  }

  /** The budget asks what the disk has left beside what it holds. */
  asked(freeBytes: number, diskBytes: number): void {
    this.#asked = { freeBytes, plans: this.#plans, twiceBytes: this.#pieces.keptBytes - diskBytes };
  }

  /** It has heard: what it asked before something went is not used. */
  answered(): void {
    if (this.#asked?.plans === this.#plans) {
      const { freeBytes, twiceBytes } = this.#asked;
      assertInvariant(twiceBytes <= 0, `${twiceBytes} bytes must not be counted as kept, and as free`);
      const roomBytes = (this.#pieces.keptBytes + freeBytes) * (1 - FREE_SHARE);
      this.#roomBytes = Math.min(this.#options.maxBytes, roomBytes);
    }
    this.#asked = undefined;
  }

  /** A piece has come. */
  came(piece: number): void {
    this.used(piece, piece);
    this.look();
  }

  /** These pieces are read from now on. */
  used(first: number, last: number): void {
    for (let piece = first; piece <= last; piece += 1) this.#usedMs.set(piece, this.#options.clock.nowMs());
  }

  /** The session is told to fetch this from now on. */
  told({ range: { start, end } }: Demand): void {
    const { maxBytes, clock } = this.#options;
    const nowMs = clock.nowMs();
    assertInvariant(nowMs >= this.#heldUpUntilMs, `Nothing may be fetched at ${nowMs} ms: there is no room yet`);
    const limitBytes = Math.max(MIN_WINDOW_BYTES, maxBytes * WINDOW_SHARE);
    assertInvariant(end - start <= limitBytes, `${end - start} bytes must not be fetched for one reader`);
  }

  /**
   * Something has come, is gone, or is demanded otherwise. No more may be kept than the budget, or than what had to stay, were that more
   * (windows are a chunk at least, and pieces may be large); on top of it, what came while an answer was on its way: until the
   * budget was looked at twice, before and after, and something was gone. What had to stay may be noticed a little later to be free.
   */
  look(): void {
    const { maxBytes, clock, answerMs } = this.#options;
    const { keptBytes } = this.#pieces;
    const cameBytes = Math.max(0, keptBytes - this.#keptBytes);
    this.#keptBytes = keptBytes;
    const nowMs = clock.nowMs();
    const held = this.#held(maxBytes);
    const heldBytes = this.#bytesOf([...this.#pieces.evictable()].filter((piece) => held(piece)));
    const answeredMs = nowMs - 2 * REVIEW_MS - answerMs;
    // What was held at one moment was held until the next.
    this.#moments = this.#moments.filter(
      (_moment, index) => (this.#moments[index + 1]?.atMs ?? nowMs) >= answeredMs - HELD_REVIEW_MS,
    );
    this.#moments.push({ atMs: nowMs, cameBytes, heldBytes });
    const limitBytes =
      Math.max(maxBytes, ...this.#moments.map((moment) => moment.heldBytes)) +
      this.#moments.reduce((sum, moment) => sum + (moment.atMs < answeredMs ? 0 : moment.cameBytes), 0);
    assertInvariant(keptBytes <= limitBytes, `${keptBytes} bytes are kept, more than ${limitBytes}`);
  }

  /** These are to go, and cannot be read from now on. */
  planned(plan: readonly number[]): void {
    this.#plans += 1;
    const held = this.#held(this.#roomBytes);
    for (const piece of plan) {
      assertInvariant(!this.#pieces.isBeingRead(piece), `Piece ${piece} must not be evicted while it is read`);
      assertInvariant(!held(piece), `Piece ${piece} must not be evicted while it is demanded`);
    }
    const left = [...this.#pieces.evictable()].filter((piece) => !held(piece));
    this.#checkOrder(plan, left);
    this.#checkNeed(plan, left);
  }

  /** Ends of films go last, and what was read longest ago goes first. */
  #checkOrder(plan: readonly number[], left: readonly number[]): void {
    const ends = piecesIn(this.#record.files.flatMap(endsOf), this.#pieces.geometry);
    const leftMiddle = left.filter((piece) => !ends.has(piece));
    const leaving = plan.filter((piece) => ends.has(piece));
    assertInvariant(
      leaving.length === 0 || leftMiddle.length === 0,
      `The end ${leaving[0]} must go after ${leftMiddle[0]}`,
    );
    for (const [gone, kept] of [
      [plan.filter((piece) => !ends.has(piece)), leftMiddle],
      [leaving, left.filter((piece) => ends.has(piece))],
    ] as const) {
      const lastUsedMs = Math.max(...gone.map((piece) => this.#usedMs.get(piece) ?? 0));
      const firstUsedMs = Math.min(...kept.map((piece) => this.#usedMs.get(piece) ?? 0));
      assertInvariant(lastUsedMs <= firstUsedMs, `What was read at ${lastUsedMs} ms must go after ${firstUsedMs} ms`);
    }
  }

  /** Pieces go only where what is kept and what comes would take more than the budget: what that takes, if there is as much. */
  #checkNeed(plan: readonly number[], left: readonly number[]): void {
    const { keptBytes, evictingBytes, geometry } = this.#pieces;
    const missing = [...piecesIn(this.#windows(this.#roomBytes), geometry)].filter((piece) => !this.#pieces.has(piece));
    const comingBytes = keptBytes + this.#bytesOf(missing);
    const leftBytes = comingBytes - evictingBytes;
    const planBytes = this.#bytesOf(plan);
    // On a disk that others fill, what is there stays as long as nothing comes.
    const limitBytes = missing.length > 0 ? this.#roomBytes : this.#options.maxBytes;
    const spareBytes = limitBytes * (1 - EXTRA_SHARE);
    assertInvariant(leftBytes + planBytes > spareBytes, `${planBytes} bytes must not go for ${leftBytes}`);
    const leastBytes = limitBytes * (1 - 2 * EXTRA_SHARE) - geometry.pieceLengthBytes;
    assertInvariant(leftBytes >= leastBytes, `${planBytes} bytes must not go where ${leftBytes} are left`);
    assertInvariant(
      left.length === 0 || leftBytes <= spareBytes,
      `More than ${planBytes} bytes must go of ${leftBytes}`,
    );
    if (comingBytes > limitBytes) this.#heldUpUntilMs = this.#options.clock.nowMs() + REVIEW_MS;
  }

  /** Whether a piece must stay. */
  #held(roomBytes: number): (piece: number) => boolean {
    const demanded = piecesIn(this.#windows(roomBytes), this.#pieces.geometry);
    return (piece) => demanded.has(piece) || this.#pieces.isBeingRead(piece);
  }

  #windows(roomBytes: number): ByteRange[] {
    const { demandedRanges, windowCount } = this.#record;
    const shareBytes = Math.max(MIN_WINDOW_BYTES, Math.floor((roomBytes * WINDOW_SHARE) / Math.max(1, windowCount)));
    return demandedRanges.map(({ start, end }) => ({ start, end: Math.min(end, start + shareBytes) }));
  }

  #bytesOf(pieces: readonly number[]): number {
    return pieces.reduce((sum, piece) => sum + pieceLength(this.#pieces.geometry, piece), 0);
  }
}

function endsOf({ offsetBytes, lengthBytes }: { offsetBytes: number; lengthBytes: number }): ByteRange[] {
  const endBytes = Math.min(FILE_END_BYTES, Math.ceil(lengthBytes * FILE_END_SHARE));
  const end = offsetBytes + lengthBytes;
  return [
    { start: offsetBytes, end: offsetBytes + endBytes },
    { start: end - endBytes, end },
  ];
}
