import type { ByteStream } from "@riptide/media";

/** The next bytes of a stream as a stream of their own. */
export class StreamWindow implements ByteStream {
  readonly #stream: ByteStream;
  #leftBytes: number;

  constructor(stream: ByteStream, lengthBytes: number) {
    this.#stream = stream;
    this.#leftBytes = lengthBytes;
  }

  get offsetBytes(): number {
    return this.#stream.offsetBytes;
  }

  async next(lengthBytes: number, readyLimitBytes = lengthBytes): Promise<Uint8Array | undefined> {
    const leftBytes = this.#leftBytes;
    if (leftBytes === 0) return undefined;
    const chunk = await this.#stream.next(Math.min(lengthBytes, leftBytes), Math.min(readyLimitBytes, leftBytes));
    this.#leftBytes -= chunk?.length ?? 0;
    return chunk;
  }

  skip(lengthBytes: number): void {
    const skippedBytes = Math.min(lengthBytes, this.#leftBytes);
    this.#leftBytes -= skippedBytes;
    this.#stream.skip(skippedBytes);
  }

  /** Moves the stream behind it to its end. */
  end(): void {
    this.skip(this.#leftBytes);
  }
}
