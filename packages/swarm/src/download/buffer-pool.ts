/**
 * Memory for pieces that are being put together: enough for the windows of a few streams at usual piece lengths (64
 * pieces of 1 MiB), small next to a media server's page cache.
 */
export const PIECE_MEMORY_BYTES = 64 * 1024 * 1024;
/** With huge pieces the budget is this many of them: one being fetched, one being stored, and one each for two copies. */
export const MIN_PIECE_BUFFERS = 4;
/** Kept for reuse while no piece is being put together, at least one buffer; all of them are while a download goes on. */
const SPARE_BYTES = 16 * 1024 * 1024;

/** Piece buffers of one torrent: all of one length, never more than `capacity` of them. */
export class BufferPool {
  readonly capacity: number;
  readonly #lengthBytes: number;
  readonly #spare: Uint8Array[] = [];
  #used = 0;

  constructor(lengthBytes: number) {
    this.#lengthBytes = lengthBytes;
    this.capacity = Math.max(MIN_PIECE_BUFFERS, Math.floor(PIECE_MEMORY_BYTES / lengthBytes));
  }

  /** Bytes held, spare buffers included. */
  get bytes(): number {
    return (this.#used + this.#spare.length) * this.#lengthBytes;
  }

  /** A buffer with anything in it. */
  take(): Uint8Array {
    this.#used += 1;
    return this.#spare.pop() ?? new Uint8Array(this.#lengthBytes);
  }

  /** The buffer must not be used any more. */
  give(buffer: Uint8Array): void {
    this.#used -= 1;
    this.#spare.push(buffer);
    const maxSpare = Math.max(1, Math.floor(SPARE_BYTES / this.#lengthBytes));
    if (this.#used === 0 && this.#spare.length > maxSpare) this.#spare.length = maxSpare;
  }
}
