import { ByteCursor } from "../byte-cursor.ts";
import { boxAt } from "./box.ts";

/** ISO/IEC 14496-12 §8.7.3: how long samples are, read off an `stsz` or the compact `stz2`. */
export class SampleSizes {
  readonly count: number;
  /** The size of every sample, if there is only one. */
  readonly fixedSizeBytes: number | undefined;
  readonly #table: Uint8Array;
  readonly #bitsPerSize: number;

  constructor(stbl: Uint8Array) {
    const stsz = boxAt(stbl, "stsz");
    const content = stsz ?? boxAt(stbl, "stz2") ?? NOTHING;
    const cursor = new ByteCursor(content, "table of sizes").skip(4);
    const field = cursor.u32();
    const count = cursor.u32();
    this.#table = cursor.rest();
    this.fixedSizeBytes = stsz !== undefined && field > 0 ? field : undefined;
    // §8.7.3.3: the field size of `stz2` is the last octet of its field; 4, 8 or 16.
    this.#bitsPerSize = stsz === undefined ? field & 0xff : 32;
    const isKnown = [4, 8, 16, 32].includes(this.#bitsPerSize);
    const listed = isKnown ? Math.floor((8 * this.#table.length) / this.#bitsPerSize) : 0;
    this.count = this.fixedSizeBytes === undefined ? Math.min(count, listed) : count;
  }

  /** The size of a sample below `count`. */
  at(number: number): number {
    if (this.fixedSizeBytes !== undefined) return this.fixedSizeBytes;
    const table = this.#table;
    if (this.#bitsPerSize === 4) return number % 2 === 0 ? table[number / 2]! >> 4 : table[(number - 1) / 2]! & 0xf;
    if (this.#bitsPerSize === 8) return table[number]!;
    if (this.#bitsPerSize === 16) return (table[2 * number]! << 8) | table[2 * number + 1]!;
    const at = 4 * number;
    return ((table[at]! << 24) | (table[at + 1]! << 16) | (table[at + 2]! << 8) | table[at + 3]!) >>> 0;
  }

  /** Bytes of the samples `[from, to)`. */
  sum(from: number, to: number): number {
    if (this.fixedSizeBytes !== undefined) return (to - from) * this.fixedSizeBytes;
    let sum = 0;
    for (let number = from; number < to; number += 1) sum += this.at(number);
    return sum;
  }
}

const NOTHING = new Uint8Array(12);
