import type { ByteRange } from "../byte-range.ts";

/**
 * How soon bytes are needed.
 * - `now`: somebody is waiting for them (a blocked read, the head of a file just opened).
 * - `soon`: the readahead window in front of a read head.
 * - `later`: useful, but only with bandwidth that nobody else wants.
 */
export type Urgency = "now" | "soon" | "later";

/** What a reader wants, declared ahead of reading it. Offsets are those of the file. */
export interface Demand {
  readonly range: ByteRange;
  readonly urgency: Urgency;
  /** How fast the reader will get through the range, if it is known: later bytes are then due later. */
  readonly bytesPerSecond?: number;
  /** How much its reader reads elsewhere before it comes to the range: all of that is then due later. Default 0. */
  readonly distanceBytes?: number;
}

export interface ReadOptions {
  /** Aborts the wait: the read rejects with the signal's reason and its demand is withdrawn at once. */
  readonly signal: AbortSignal;
  /** Default `now`. */
  readonly urgency?: Urgency;
}

/**
 * File-like view of ONE file of ONE torrent, whose bytes may not be there yet.
 *
 * Implementations: `sim/` (virtual clock, scripted arrival) and `swarm/` (a real torrent). Both run the conformance
 * suite `pieceProviderConformance` of `sim/`, which gives these sentences their exact meaning.
 */
export interface PieceProvider {
  /** Length of the file. Never changes. */
  readonly sizeBytes: number;

  /**
   * Reads bytes of `[offset, offset + length)`, cut at the end of the file.
   *
   * - Resolves as soon as the FIRST of these bytes is there: the result starts at `offset` and may be shorter than
   *   asked. It is empty only if `offset >= sizeBytes` or `length === 0`.
   * - While the first byte is missing, it waits and is itself a demand (`options.urgency`) for its range. It wakes on
   *   the piece and never polls.
   * - The bytes are verified and belong to the caller: nobody else writes to them.
   *
   * Rejects with the signal's reason once aborted (the demand is then gone), or with a `StreamError` that says why
   * the bytes cannot be delivered. A failed read may be tried again.
   * Throws `RangeError` if `offset` or `length` is negative or not a safe integer.
   */
  readAt(offset: number, length: number, options: ReadOptions): Promise<Uint8Array>;

  /** The sorted, disjoint parts of `range` that can be read now without waiting. */
  available(range: ByteRange): ByteRange[];

  /**
   * Declares interest ahead of reading. The demand holds until it is disposed; disposing twice is harmless.
   * Several demands may overlap: the most urgent counts.
   */
  want(demand: Demand): Disposable;
}
