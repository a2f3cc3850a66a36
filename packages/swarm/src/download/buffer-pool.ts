import { PieceMemory } from "./piece-memory.ts";

/**
 * Memory for pieces that are being put together: enough for the windows of a few streams at usual piece lengths (64
 * pieces of 1 MiB), small next to a media server's page cache.
 */
export const PIECE_MEMORY_BYTES = 64 * 1024 * 1024;
/**
 * With huge pieces the budget is this many of them, and so many may be had when other torrents have all memory: one being fetched, one
 * being stored, and one each for two copies.
 */
export const MIN_PIECE_BUFFERS = 4;
/** Kept for reuse while no piece is being put together, at least one buffer; all of them are while a download goes on. */
const SPARE_BYTES = 16 * 1024 * 1024;

/** Piece buffers of one torrent: all of one length, and no more than what it may have of the memory that all torrents share. */
export class BufferPool implements Disposable {
  readonly capacity: number;
  readonly #lengthBytes: number;
  #memory: PieceMemory;
  readonly #spare: Uint8Array[] = [];
  #reserved = 0;
  #used = 0;

  constructor(lengthBytes: number, memory = new PieceMemory()) {
    this.#lengthBytes = lengthBytes;
    this.#memory = memory;
    this.capacity = Math.max(MIN_PIECE_BUFFERS, Math.floor(PIECE_MEMORY_BYTES / lengthBytes));
  }

  /** Bytes held, spare buffers included. */
  get bytes(): number {
    return (this.#used + this.#spare.length) * this.#lengthBytes;
  }

  /** Whether a piece more needs more memory than the torrent may have now. */
  get isFull(): boolean {
    if (this.#reserved >= this.capacity) return true;
    return this.#reserved >= MIN_PIECE_BUFFERS && !this.#memory.hasRoomFor(this.#lengthBytes);
  }

  /** A piece, or a copy of one, is going to be held: it may take a buffer. The caller has seen to it that there is room. */
  reserve(): void {
    if (this.#reserved === 0) this.#memory.wake(this);
    this.#reserved += 1;
    this.#memory.reserve(this.#lengthBytes);
  }

  /** Its buffer has been given back, if it took one. */
  release(): void {
    this.#reserved -= 1;
    this.#memory.reserve(-this.#lengthBytes);
    if (this.#reserved > 0) return;
    this.#keepSpare(Math.max(1, Math.floor(SPARE_BYTES / this.#lengthBytes)));
    this.#memory.rest(this);
  }

  /** A buffer with anything in it. */
  take(): Uint8Array {
    this.#used += 1;
    const buffer = this.#spare.pop();
    if (buffer === undefined) this.#memory.grow(this.#lengthBytes);
    this.#memory.noteSpare(this, this.#spare.length > 0);
    return buffer ?? new Uint8Array(this.#lengthBytes);
  }

  /** The buffer must not be used any more. */
  give(buffer: Uint8Array): void {
    this.#used -= 1;
    this.#spare.push(buffer);
    this.#memory.noteSpare(this, true);
  }

  dropSpare(): void {
    this.#keepSpare(0);
  }

  /** The torrent is gone, whatever it held. */
  [Symbol.dispose](): void {
    this.#memory.wake(this);
    this.dropSpare();
    this.#memory.reserve(-this.#reserved * this.#lengthBytes);
    this.#memory.shrink(this.#used * this.#lengthBytes);
    // What is done with the pieces from now on is no concern of others.
    this.#memory = new PieceMemory();
  }

  #keepSpare(count: number): void {
    const dropped = this.#spare.splice(count).length;
    this.#memory.shrink(dropped * this.#lengthBytes);
    this.#memory.noteSpare(this, this.#spare.length > 0);
  }
}
