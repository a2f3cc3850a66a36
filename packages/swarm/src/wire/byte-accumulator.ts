/** Kept between uses; anything larger is given back, so that one large message does not cost memory for hours. */
const KEPT_CAPACITY_BYTES = 4 * 1024;

/** Bytes that arrive piecemeal. Grows with what arrived, never with what was announced. */
export class ByteAccumulator {
  #storage = Buffer.alloc(0);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** What is held, without a copy: valid until the next change. */
  get bytes(): Buffer {
    return this.#storage.subarray(0, this.#length);
  }

  append(bytes: Uint8Array): void {
    const length = this.#length + bytes.length;
    if (length > this.#storage.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(64, 2 * this.#storage.length, length));
      larger.set(this.bytes);
      this.#storage = larger;
    }
    this.#storage.set(bytes, this.#length);
    this.#length = length;
  }

  /** Removes the first `count` bytes, all of which must be there, and returns a copy of them. */
  take(count: number): Buffer {
    const taken = Buffer.from(this.bytes.subarray(0, count));
    this.#storage.copyWithin(0, count, this.#length);
    this.#length -= count;
    if (this.#length === 0) this.clear();
    return taken;
  }

  clear(): void {
    this.#length = 0;
    if (this.#storage.length > KEPT_CAPACITY_BYTES) this.#storage = Buffer.alloc(0);
  }
}
