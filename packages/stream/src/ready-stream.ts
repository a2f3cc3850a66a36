import type { PieceProvider } from "@riptide/core";
import type { ByteStream } from "@riptide/media";

/**
 * The stream of a provider's file, which gives more at a time of what is there already. Of what is not there it asks for no more
 * than it is asked for: that is waited for, and urgent to the swarm.
 */
export class ReadyStream implements ByteStream {
  readonly #stream: ByteStream;
  readonly #provider: Pick<PieceProvider, "available">;

  constructor(stream: ByteStream, provider: Pick<PieceProvider, "available">) {
    this.#stream = stream;
    this.#provider = provider;
  }

  get offsetBytes(): number {
    return this.#stream.offsetBytes;
  }

  next(lengthBytes: number, readyLimitBytes = lengthBytes): Promise<Uint8Array | undefined> {
    const { offsetBytes } = this.#stream;
    const [ready] = this.#provider.available({ start: offsetBytes, end: offsetBytes + readyLimitBytes });
    const readyBytes = ready?.start === offsetBytes ? ready.end - offsetBytes : 0;
    return this.#stream.next(Math.max(lengthBytes, readyBytes));
  }

  skip(lengthBytes: number): void {
    this.#stream.skip(lengthBytes);
  }
}
