import { clearBit, hasBit, setBit } from "../bits.ts";
import { pieceLength, type TorrentGeometry } from "../types.ts";

/**
 * The pieces of one torrent that are on the disk. Those that are being evicted count as kept until the session says that
 * they are gone, and cannot be read any more.
 */
export class KeptPieces {
  readonly geometry: TorrentGeometry;
  readonly #verified: Uint8Array;
  /**
   * Those that the session has told of. Only they can be evicted: what it says of a piece then always answers to what was
   * asked of it before.
   */
  readonly #told: Uint8Array;
  readonly #nowMs: () => number;
  readonly #usedMs: Float64Array;
  readonly #reads = new Set<{ readonly first: number; readonly last: number }>();
  readonly #evicting = new Set<number>();
  #keptBytes = 0;
  #evictingBytes = 0;

  /** `verified` is shared with the session: its bits are the truth. */
  constructor(geometry: TorrentGeometry, verified: Uint8Array, nowMs: () => number) {
    this.geometry = geometry;
    this.#verified = verified;
    this.#told = verified.slice();
    this.#nowMs = nowMs;
    this.#usedMs = new Float64Array(geometry.pieceCount);
    for (const piece of this.evictable()) this.#keptBytes += pieceLength(geometry, piece);
  }

  /** What they take of the disk. */
  get keptBytes(): number {
    return this.#keptBytes;
  }

  /** Of that, what is about to be given back. */
  get evictingBytes(): number {
    return this.#evictingBytes;
  }

  /** Whether the piece can be read. */
  has(piece: number): boolean {
    return hasBit(this.#verified, piece) && !this.#evicting.has(piece);
  }

  /** What may be evicted as far as the session is concerned. */
  *evictable(): Iterable<number> {
    for (let piece = 0; piece < this.geometry.pieceCount; piece += 1) {
      if (hasBit(this.#told, piece) && !this.#evicting.has(piece)) yield piece;
    }
  }

  /** When the piece arrived or was last read; 0 if it was there before the session. */
  usedMs(piece: number): number {
    return this.#usedMs[piece] ?? 0;
  }

  /** The session has verified one more piece. */
  verified(piece: number): void {
    this.#usedMs[piece] = this.#nowMs();
    // One that was evicted and fetched again before its place was given back was counted all the while.
    if (this.#endEviction(piece) || hasBit(this.#told, piece)) return;
    setBit(this.#told, piece);
    this.#keptBytes += pieceLength(this.geometry, piece);
  }

  /** Keeps pieces that can be read from being evicted while they are read. */
  read(first: number, last: number): Disposable {
    const read = { first, last };
    this.#reads.add(read);
    this.#usedMs.fill(this.#nowMs(), first, last + 1);
    return { [Symbol.dispose]: () => void this.#reads.delete(read) };
  }

  isBeingRead(piece: number): boolean {
    for (const { first, last } of this.#reads) if (piece >= first && piece <= last) return true;
    return false;
  }

  /** From now on these pieces cannot be read. */
  evict(pieces: readonly number[]): void {
    for (const piece of pieces) {
      if (!hasBit(this.#told, piece) || this.#evicting.has(piece)) continue;
      this.#evicting.add(piece);
      this.#evictingBytes += pieceLength(this.geometry, piece);
    }
  }

  /** The session has given these pieces up. */
  evicted(pieces: readonly number[]): void {
    for (const piece of pieces) {
      if (!this.#endEviction(piece)) continue;
      clearBit(this.#told, piece);
      this.#keptBytes -= pieceLength(this.geometry, piece);
    }
  }

  #endEviction(piece: number): boolean {
    if (!this.#evicting.delete(piece)) return false;
    this.#evictingBytes -= pieceLength(this.geometry, piece);
    return true;
  }
}
