import type { ByteRange } from "@riptide/core";
import type { ByteStream } from "../../src/index.ts";

/** Part of a file in memory as a stream, which counts what is read and may hand it out in pieces of any size. */
export class MemoryStream implements ByteStream {
  offsetBytes: number;
  readBytes = 0;
  readonly #file: Uint8Array;
  readonly #endBytes: number;
  readonly #pieceBytes: () => number;

  /** @param pieceBytes how long the next piece is at most */
  constructor(file: Uint8Array, range: ByteRange, pieceBytes: () => number = () => Number.POSITIVE_INFINITY) {
    this.#file = file;
    this.offsetBytes = range.start;
    this.#endBytes = Math.min(range.end, file.length);
    this.#pieceBytes = pieceBytes;
  }

  async next(lengthBytes: number, readyLimitBytes = lengthBytes): Promise<Uint8Array | undefined> {
    const limitBytes = checkedLimit(lengthBytes, readyLimitBytes);
    const start = this.offsetBytes;
    this.offsetBytes = Math.min(start + limitBytes, start + Math.max(1, this.#pieceBytes()), this.#endBytes);
    this.readBytes += this.offsetBytes - start;
    return this.offsetBytes === start ? undefined : this.#file.subarray(start, this.offsetBytes);
  }

  skip(lengthBytes: number): void {
    this.offsetBytes = Math.min(this.offsetBytes + lengthBytes, this.#endBytes);
  }
}

/** What a stream may give that has everything. Throws `RangeError` for what nobody can read. */
export function checkedLimit(lengthBytes: number, readyLimitBytes: number): number {
  if (Number.isSafeInteger(lengthBytes) && lengthBytes >= 1 && readyLimitBytes >= lengthBytes) return readyLimitBytes;
  throw new RangeError(`Cannot read ${lengthBytes} bytes, or up to ${readyLimitBytes}`);
}
