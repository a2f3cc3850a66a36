import type { ChunkPool } from "@riptide/core";
import type { ByteStream } from "@riptide/media";

/** A read whose memory was lent, and who still needs it. */
interface LentRead {
  readonly chunk: Uint8Array;
  /** Packets in it that are held. */
  packets: number;
  /** Whether more packets may still be cut from it. */
  isLatest: boolean;
}

/**
 * Gives the memory of reads back to those who lend it, once the packets in them have been used: reading a film then takes the
 * same few buffers again and again. What is not given back, because somebody stopped half-way, is collected.
 *
 * A read is given back when its stream has been asked for the next one, for then no more packets are cut from it
 * (`ByteStream.next`), and all of its packets that were held have been released. So hold packets before the demuxer is asked for
 * more, and do not look at their data after releasing them.
 */
export class LentReads implements Disposable {
  readonly #chunks: ChunkPool | undefined;
  /** By their memory, which nobody but the read has. */
  readonly #reads = new WeakMap<ArrayBufferLike, LentRead>();
  #latest: LentRead | undefined;

  constructor(chunks: ChunkPool | undefined) {
    this.#chunks = chunks;
  }

  /** How long the read is that packets are cut from now. */
  get latestBytes(): number {
    return this.#latest?.chunk.length ?? 0;
  }

  /** The same stream, whose reads are given back. */
  watch(stream: ByteStream): ByteStream {
    return {
      get offsetBytes() {
        return stream.offsetBytes;
      },
      next: async (lengthBytes, readyLimitBytes) => {
        this.#endLatest();
        const chunk = await stream.next(lengthBytes, readyLimitBytes);
        if (chunk !== undefined) this.#add(chunk);
        return chunk;
      },
      skip: (lengthBytes) => stream.skip(lengthBytes),
    };
  }

  /** Says that the data of a packet will be used until it is released. */
  hold(data: Uint8Array): void {
    const read = this.#reads.get(data.buffer);
    if (read !== undefined) read.packets += 1;
  }

  /** Ends one `hold` of each. What was not held because it lies in no read is ignored. */
  release(parts: readonly Uint8Array[]): void {
    for (const { buffer } of parts) {
      const read = this.#reads.get(buffer);
      if (read === undefined) continue;
      read.packets -= 1;
      this.#giveBackUnused(read);
    }
  }

  /** Says that the demuxer has done with what it read. */
  [Symbol.dispose](): void {
    this.#endLatest();
  }

  #endLatest(): void {
    const read = this.#latest;
    if (read === undefined) return;
    this.#latest = undefined;
    read.isLatest = false;
    this.#giveBackUnused(read);
  }

  #add(chunk: Uint8Array): void {
    this.#latest = { chunk, packets: 0, isLatest: true };
    this.#reads.set(chunk.buffer, this.#latest);
  }

  #giveBackUnused(read: LentRead): void {
    if (read.isLatest || read.packets > 0) return;
    this.#reads.delete(read.chunk.buffer);
    this.#chunks?.giveBack(read.chunk);
  }
}
