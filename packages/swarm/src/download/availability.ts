import { hasBit } from "../bits.ts";

/** How many connected peers have each piece. O(1) for a HAVE and for seeds, O(pieces) for a bitfield. */
export class Availability {
  readonly #counts: Uint16Array;
  #seeds = 0;

  constructor(pieceCount: number) {
    this.#counts = new Uint16Array(pieceCount);
  }

  count(piece: number): number {
    return this.#seeds + (this.#counts[piece] ?? 0);
  }

  /** A peer says what it has. */
  add(bits: Uint8Array | "all" | undefined): void {
    this.#change(bits, 1);
  }

  /** The peer is gone, or says it anew. */
  remove(bits: Uint8Array | "all" | undefined): void {
    this.#change(bits, -1);
  }

  /** A peer that lacked the piece has it now. */
  addPiece(piece: number): void {
    this.#counts[piece] = (this.#counts[piece] ?? 0) + 1;
  }

  #change(bits: Uint8Array | "all" | undefined, by: 1 | -1): void {
    if (bits === "all") this.#seeds += by;
    if (bits === "all" || bits === undefined) return;
    for (let piece = 0; piece < this.#counts.length; piece++) {
      if (hasBit(bits, piece)) this.#counts[piece] = (this.#counts[piece] ?? 0) + by;
    }
  }
}
