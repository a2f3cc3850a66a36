import { ChunkPool, type PieceProvider } from "@riptide/core";

/** Spoils what is given back, and counts: whoever still looks at it does not see what was there. */
export class SpoilingPool extends ChunkPool {
  readonly buffers = new Set<ArrayBufferLike>();
  lentCount = 0;
  readonly #lent = new Set<ArrayBufferLike>();

  /** Buffers that were lent and not given back. */
  get missingCount(): number {
    return this.#lent.size;
  }

  override lend(lengthBytes: number): Uint8Array | undefined {
    const chunk = super.lend(lengthBytes);
    if (chunk === undefined) return undefined;
    this.lentCount += 1;
    this.buffers.add(chunk.buffer);
    this.#lent.add(chunk.buffer);
    return chunk;
  }

  override giveBack(chunk: Uint8Array): void {
    if (this.#lent.delete(chunk.buffer)) new Uint8Array(chunk.buffer).fill(0xee);
    super.giveBack(chunk);
  }
}

/** As a provider over a file on the disk does: long reads lie in memory of the pool. */
export function lendingProvider(provider: PieceProvider, chunks: ChunkPool): PieceProvider {
  return {
    sizeBytes: provider.sizeBytes,
    available: (range) => provider.available(range),
    want: (demand) => provider.want(demand),
    readAt: async (offset, length, options) => {
      const bytes = await provider.readAt(offset, length, options);
      const lent = chunks.lend(bytes.length);
      lent?.set(bytes);
      return lent ?? bytes;
    },
  };
}
