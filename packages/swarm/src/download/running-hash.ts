import { BLOCK_LENGTH_BYTES } from "../types.ts";
import type { PieceHash } from "./downloader-types.ts";

/** What is hashed in one go at least, while more is to come: each call costs as much as a quarter of a block. */
const MIN_BLOCKS_AT_ONCE = 3;
/** What is hashed in one go at most: 1 ms. A long stretch behind a late block is worked off with the blocks that follow. */
const MAX_BLOCKS_AT_ONCE = 64;

/** The hash of a piece, as far as its blocks are there without a gap; of no use once one of those is thrown away. */
export class RunningHash {
  readonly #hash: PieceHash;
  #blocks = 0;
  #isSpoilt = false;

  constructor(hash: PieceHash) {
    this.#hash = hash;
  }

  /** Blocks may have arrived. `bytes` are those of the piece. */
  advance(bytes: Uint8Array, hasArrived: (block: number) => boolean): void {
    if (this.#isSpoilt || !hasArrived(this.#blocks + MIN_BLOCKS_AT_ONCE - 1)) return;
    let end = this.#blocks;
    while (end < this.#blocks + MAX_BLOCKS_AT_ONCE && hasArrived(end)) end += 1;
    if (end < this.#blocks + MIN_BLOCKS_AT_ONCE) return;
    this.#hash.update(bytes.subarray(this.#blocks * BLOCK_LENGTH_BYTES, end * BLOCK_LENGTH_BYTES));
    this.#blocks = end;
  }

  /** The block's bytes are not what they were. */
  changed(block: number): void {
    if (block < this.#blocks) this.#isSpoilt = true;
  }

  /** Whether the piece, which is complete, is right; undefined if that must be seen from its bytes. */
  finish(bytes: Uint8Array): boolean | undefined {
    if (this.#isSpoilt) return undefined;
    this.#isSpoilt = true;
    const rest = bytes.subarray(this.#blocks * BLOCK_LENGTH_BYTES);
    if (rest.length > 0) this.#hash.update(rest);
    return this.#hash.isRight();
  }
}
