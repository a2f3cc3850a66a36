import { open } from "node:fs/promises";
import { type ChunkPool, type PieceProvider, POOLED_CHUNK_MAX_BYTES } from "@riptide/core";

/** A file whose bytes are all there, and how many of them were read. It reads as the provider of a torrent does. */
export interface FileProvider extends PieceProvider, AsyncDisposable {
  readonly readBytes: number;
}

export async function openFileProvider(path: string, chunks: ChunkPool): Promise<FileProvider> {
  const file = await open(path);
  const { size: sizeBytes } = await file.stat();
  let readBytes = 0;
  return {
    sizeBytes,
    get readBytes() {
      return readBytes;
    },
    available: (range) => [range],
    want: () => ({ [Symbol.dispose]: () => undefined }),
    async readAt(offset, length) {
      const lengthBytes = Math.max(0, Math.min(length, sizeBytes - offset, POOLED_CHUNK_MAX_BYTES));
      const bytes = chunks.lend(lengthBytes) ?? new Uint8Array(lengthBytes);
      await file.read(bytes, 0, bytes.length, offset);
      readBytes += bytes.length;
      return bytes;
    },
    [Symbol.asyncDispose]: () => file.close(),
  };
}
