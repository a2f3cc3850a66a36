import type { ChunkPool } from "@riptide/core";

/** Buffers that follow each other, taken in pieces of any length. */
export class PartQueue {
  #parts: readonly Uint8Array[] = [];
  /** The part that comes next, and how much of it was taken. */
  #index = 0;
  #taken = 0;
  #lengthBytes = 0;
  readonly #chunks: ChunkPool | undefined;

  /** @param chunks lends the memory of what is taken */
  constructor(chunks: ChunkPool | undefined) {
    this.#chunks = chunks;
  }

  /** What is left. */
  get lengthBytes(): number {
    return this.#lengthBytes;
  }

  /** Replaces what was left. */
  set(parts: readonly Uint8Array[]): void {
    this.#parts = parts;
    this.#index = 0;
    this.#taken = 0;
    this.#lengthBytes = parts.reduce((sum, { length }) => sum + length, 0);
  }

  /** A copy of what comes next: `lengthBytes`, or what is left if that is less. */
  take(lengthBytes: number): Uint8Array {
    const takenBytes = Math.min(lengthBytes, this.#lengthBytes);
    const bytes = this.#chunks?.lend(takenBytes) ?? new Uint8Array(takenBytes);
    this.#pass(bytes.length, (piece, position) => bytes.set(piece, position));
    return bytes;
  }

  /** Passes over at most what is left. */
  skip(lengthBytes: number): void {
    this.#pass(Math.min(lengthBytes, this.#lengthBytes), () => undefined);
  }

  #pass(lengthBytes: number, use: (piece: Uint8Array, position: number) => void): void {
    for (let position = 0; position < lengthBytes; ) {
      const part = this.#parts[this.#index]!;
      const isWhole = this.#taken === 0 && part.length <= lengthBytes - position;
      const piece = isWhole ? part : part.subarray(this.#taken, this.#taken + lengthBytes - position);
      use(piece, position);
      position += piece.length;
      this.#taken += piece.length;
      if (this.#taken < part.length) break;
      this.#index += 1;
      this.#taken = 0;
    }
    this.#lengthBytes -= lengthBytes;
    // What was sent is held no longer.
    if (this.#lengthBytes === 0) this.set([]);
  }
}
