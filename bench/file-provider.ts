import { open } from "node:fs/promises";
import type { PieceProvider } from "@riptide/core";

/** A file whose bytes are all there, and how many of them were read. */
export interface FileProvider extends PieceProvider, AsyncDisposable {
  readonly readBytes: number;
}

export async function openFileProvider(path: string): Promise<FileProvider> {
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
      const bytes = new Uint8Array(Math.max(0, Math.min(length, sizeBytes - offset)));
      await file.read(bytes, 0, bytes.length, offset);
      readBytes += bytes.length;
      return bytes;
    },
    [Symbol.asyncDispose]: () => file.close(),
  };
}
