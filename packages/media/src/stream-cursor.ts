import type { ByteStream } from "./byte-stream.ts";
import { REQUEST_LIMIT_BYTES, readyLimitBytes } from "./request-length.ts";

/** Asked for at a time: a swarm hands out blocks of 16 KiB, and a film of 8 Mb/s plays an eighth of a second of it. */
const REQUEST_BYTES = 128 * 1024;
/** Asked for after bytes were passed over: likely the next ones will be, too. Doubles until nothing is passed over any more. */
const REQUEST_AFTER_SKIP_BYTES = 4 * 1024;

const NOTHING = new Uint8Array(0);

/**
 * Looks at a stream through a window of bytes that lie side by side, and moves it forward. What fits into a chunk of the
 * stream is shown where it lies; what spans chunks is put together once, in memory of exactly its size.
 */
export class StreamCursor {
  readonly #stream: ByteStream;
  #offsetBytes: number;
  #bytes: Uint8Array = NOTHING;
  #position = 0;
  /** What the stream gave beyond `#bytes`. */
  #spare: Uint8Array = NOTHING;
  #requestBytes = REQUEST_BYTES;
  /** Read since bytes were last passed over unread. */
  #sequentialBytes = 0;

  constructor(stream: ByteStream) {
    this.#stream = stream;
    this.#offsetBytes = stream.offsetBytes;
  }

  /** Offset in the file of the byte at `position`. */
  get offsetBytes(): number {
    return this.#offsetBytes;
  }

  /** The window is `bytes` from `position` on. Nobody writes to it. */
  get bytes(): Uint8Array {
    return this.#bytes;
  }

  get position(): number {
    return this.#position;
  }

  get heldBytes(): number {
    return this.#bytes.length - this.#position;
  }

  /** Makes the window at least `lengthBytes` long; false if the stream ends before. The caller bounds the length. */
  async fill(lengthBytes: number): Promise<boolean> {
    if (this.heldBytes === 0) this.#show((await this.#pull(lengthBytes)) ?? NOTHING);
    if (this.heldBytes >= lengthBytes) return true;
    const whole = new Uint8Array(lengthBytes);
    whole.set(this.#bytes.subarray(this.#position));
    let filledBytes = this.heldBytes;
    while (filledBytes < lengthBytes) {
      const piece = this.#takeSpare() ?? (await this.#pull(lengthBytes - filledBytes));
      if (piece === undefined) break;
      const part = piece.subarray(0, lengthBytes - filledBytes);
      whole.set(part, filledBytes);
      filledBytes += part.length;
      this.#spare = piece.subarray(part.length);
    }
    this.#show(whole.subarray(0, filledBytes));
    return filledBytes === lengthBytes;
  }

  /** Moves forward, over bytes outside the window too: those are not read. */
  skip(lengthBytes: number): void {
    this.#offsetBytes += lengthBytes;
    const beyondBytes = lengthBytes - this.heldBytes;
    this.#position += Math.min(lengthBytes, this.heldBytes);
    if (this.heldBytes > 0) return;
    const spareBytes = this.#spare.length;
    this.#show((this.#takeSpare() ?? NOTHING).subarray(beyondBytes));
    if (beyondBytes <= spareBytes) return;
    this.#stream.skip(beyondBytes - spareBytes);
    this.#requestBytes = REQUEST_AFTER_SKIP_BYTES;
    this.#sequentialBytes = 0;
  }

  #show(bytes: Uint8Array): void {
    this.#bytes = bytes;
    this.#position = 0;
  }

  #takeSpare(): Uint8Array | undefined {
    const spare = this.#spare;
    this.#spare = NOTHING;
    return spare.length === 0 ? undefined : spare;
  }

  /** Nothing of the chunks before is held any more, unless in packets. */
  async #pull(wantedBytes: number): Promise<Uint8Array | undefined> {
    const lengthBytes = Math.max(this.#requestBytes, Math.min(wantedBytes, REQUEST_LIMIT_BYTES));
    this.#requestBytes = Math.min(2 * this.#requestBytes, REQUEST_BYTES);
    const chunk = await this.#stream.next(lengthBytes, Math.max(lengthBytes, readyLimitBytes(this.#sequentialBytes)));
    this.#sequentialBytes += chunk?.length ?? 0;
    return chunk;
  }
}
