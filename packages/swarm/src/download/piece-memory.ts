/**
 * Memory for the pieces that all torrents are putting together: the windows of four that have 64 MiB each, next to what Node and its code
 * take small enough for a computer of 1 GB.
 */
export const TOTAL_PIECE_MEMORY_BYTES = 256 * 1024 * 1024;

/** The buffers of one torrent, as far as the others are concerned. */
export interface PieceBuffers {
  /** Forgets the buffers that nobody uses. */
  dropSpare(): void;
}

/**
 * What the pieces of all torrents may take together. Each torrent may have a few whatever the others have, so that all go on; those few
 * come on top. Buffers that are kept to be used again make way for those that are needed.
 */
export class PieceMemory {
  readonly #limitBytes: number;
  /** Pieces that are being put together, be it that they have no buffer yet. */
  #reservedBytes = 0;
  #bufferBytes = 0;
  readonly #withSpare = new Set<PieceBuffers>();
  /** The last one that had no piece left to put together: it alone keeps buffers meanwhile. */
  #resting: PieceBuffers | undefined;

  constructor(limitBytes = TOTAL_PIECE_MEMORY_BYTES) {
    this.#limitBytes = limitBytes;
  }

  /** Buffers, spare ones included. */
  get bufferBytes(): number {
    return this.#bufferBytes;
  }

  hasRoomFor(lengthBytes: number): boolean {
    return this.#reservedBytes + lengthBytes <= this.#limitBytes;
  }

  /** Negative = given back. */
  reserve(bytes: number): void {
    this.#reservedBytes += bytes;
  }

  /** A buffer is about to be made. */
  grow(lengthBytes: number): void {
    for (const buffers of this.#withSpare) {
      if (this.#bufferBytes + lengthBytes <= this.#limitBytes) break;
      buffers.dropSpare();
    }
    this.#bufferBytes += lengthBytes;
  }

  /** Buffers were forgotten. */
  shrink(bytes: number): void {
    this.#bufferBytes -= bytes;
  }

  /** Whether these have buffers that can be forgotten. */
  noteSpare(buffers: PieceBuffers, hasSpare: boolean): void {
    if (hasSpare) this.#withSpare.add(buffers);
    else this.#withSpare.delete(buffers);
  }

  /** These put no piece together for now. */
  rest(buffers: PieceBuffers): void {
    if (this.#resting !== buffers) this.#resting?.dropSpare();
    this.#resting = buffers;
  }

  wake(buffers: PieceBuffers): void {
    if (this.#resting === buffers) this.#resting = undefined;
  }
}
