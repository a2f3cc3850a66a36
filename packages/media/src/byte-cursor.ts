import { damagedMedia } from "./damaged.ts";

/**
 * Reads fields off bytes that are already in memory. Every step is checked: running past the end throws
 * `MediaError` `damaged_media` that names `what` is being read.
 */
export class ByteCursor {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #what: string;
  readonly #littleEndian: boolean;
  #position = 0;

  constructor(bytes: Uint8Array, what: string, byteOrder: "big" | "little" = "big") {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#what = what;
    this.#littleEndian = byteOrder === "little";
  }

  get position(): number {
    return this.#position;
  }

  get remaining(): number {
    return this.#bytes.length - this.#position;
  }

  skip(length: number): this {
    this.#advance(length);
    return this;
  }

  u8(): number {
    return this.#view.getUint8(this.#advance(1));
  }

  u16(): number {
    return this.#view.getUint16(this.#advance(2), this.#littleEndian);
  }

  u24(): number {
    const [first, second, third] = [this.u8(), this.u8(), this.u8()];
    return this.#littleEndian ? first | (second << 8) | (third << 16) : (first << 16) | (second << 8) | third;
  }

  u32(): number {
    return this.#view.getUint32(this.#advance(4), this.#littleEndian);
  }

  /** Beyond 2^53 the result is rounded: far outside any file, which is all that the callers compare it with. */
  u64(): number {
    return Number(this.#view.getBigUint64(this.#advance(8), this.#littleEndian));
  }

  f64(): number {
    return this.#view.getFloat64(this.#advance(8), this.#littleEndian);
  }

  bytes(length: number): Uint8Array {
    const start = this.#advance(length);
    return this.#bytes.subarray(start, start + length);
  }

  /** Everything that is left. */
  rest(): Uint8Array {
    return this.bytes(this.remaining);
  }

  /** Four bytes as Latin-1, the way containers name things. */
  fourCharacters(): string {
    return String.fromCharCode(...this.bytes(4));
  }

  #advance(length: number): number {
    if (length < 0 || length > this.remaining) throw damagedMedia(`its ${this.#what} is shorter than it says`);
    const start = this.#position;
    this.#position += length;
    return start;
  }
}
