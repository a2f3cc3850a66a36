import type { ReadOptions } from "@riptide/core";
import type { ByteSource } from "../../src/index.ts";

/** A file in memory that counts what is read from it, and may answer short. */
export class MemorySource implements ByteSource {
  readonly sizeBytes: number;
  /** `[offset, length asked for]` of each read, in order. */
  readonly reads: [number, number][] = [];
  touchedBytes = 0;
  readonly #bytes: Uint8Array;
  readonly #readLimitBytes: number;

  /** `sizeBytes` beyond the bytes makes a file of zeros behind them. */
  constructor(bytes: Uint8Array, options: { readLimitBytes?: number; sizeBytes?: number } = {}) {
    this.#bytes = bytes;
    this.sizeBytes = options.sizeBytes ?? bytes.length;
    this.#readLimitBytes = options.readLimitBytes ?? Number.POSITIVE_INFINITY;
  }

  async readAt(offset: number, length: number, options: ReadOptions): Promise<Uint8Array> {
    options.signal.throwIfAborted();
    if (!Number.isSafeInteger(offset) || !Number.isSafeInteger(length) || offset < 0 || length < 0) {
      throw new RangeError(`Cannot read ${length} bytes at ${offset}`);
    }
    this.reads.push([offset, length]);
    const end = Math.min(offset + Math.min(length, this.#readLimitBytes), this.sizeBytes);
    const result = new Uint8Array(Math.max(0, end - offset));
    result.set(this.#bytes.subarray(offset, end));
    this.touchedBytes += result.length;
    return result;
  }
}

/** A signal for tests that abort nothing. */
export const never: { readonly signal: AbortSignal } = { signal: new AbortController().signal };
