import type { ByteRange } from "@riptide/core";
import type { ByteStream } from "./byte-stream.ts";
import type { MediaReader } from "./reader.ts";

/** A range of a file as a stream that its reader counts. */
export class ReaderStream implements ByteStream {
  readonly #reader: MediaReader;
  readonly #endBytes: number;
  #offsetBytes: number;

  constructor(reader: MediaReader, { start, end }: ByteRange) {
    this.#reader = reader;
    this.#offsetBytes = start;
    this.#endBytes = Math.min(end, reader.sizeBytes);
  }

  get offsetBytes(): number {
    return this.#offsetBytes;
  }

  async next(lengthBytes: number): Promise<Uint8Array | undefined> {
    const length = Math.min(lengthBytes, this.#endBytes - this.#offsetBytes);
    if (length <= 0) return undefined;
    const bytes = await this.#reader.bytes(this.#offsetBytes, length);
    this.#offsetBytes += length;
    return bytes;
  }

  skip(lengthBytes: number): void {
    this.#offsetBytes = Math.min(this.#offsetBytes + lengthBytes, this.#endBytes);
  }
}
