import type { ByteRange } from "@riptide/core";
import type { ByteStream } from "./byte-stream.ts";
import type { MediaReader } from "./reader.ts";

/** A range of a file as a stream that its reader counts. */
export class ReaderStream implements ByteStream {
  readonly #reader: MediaReader;
  readonly #endBytes: number;
  readonly #pieceLimitBytes: number;
  #offsetBytes: number;

  /** @param pieceLimitBytes given at a time at most, where whoever reads may soon have enough */
  constructor(reader: MediaReader, { start, end }: ByteRange, pieceLimitBytes = Number.POSITIVE_INFINITY) {
    this.#reader = reader;
    this.#pieceLimitBytes = pieceLimitBytes;
    this.#offsetBytes = start;
    this.#endBytes = Math.min(end, reader.sizeBytes);
  }

  get offsetBytes(): number {
    return this.#offsetBytes;
  }

  async next(lengthBytes: number): Promise<Uint8Array | undefined> {
    const length = Math.min(lengthBytes, this.#pieceLimitBytes, this.#endBytes - this.#offsetBytes);
    if (length <= 0) return undefined;
    const bytes = await this.#reader.bytes(this.#offsetBytes, length);
    this.#offsetBytes += length;
    return bytes;
  }

  skip(lengthBytes: number): void {
    this.#offsetBytes = Math.min(this.#offsetBytes + lengthBytes, this.#endBytes);
  }
}
