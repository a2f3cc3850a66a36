import { assertInvariant, type ByteRange, rangeLength } from "@riptide/core";
import { allocateBytes, readFully } from "./file-io.ts";
import { spansOf, type TorrentLayout } from "./file-layout.ts";
import type { OpenFiles } from "./open-files.ts";
import { rehash } from "./rehash.ts";
import { withStorageErrors } from "./storage-error.ts";

/** Reads a range of a torrent from its files, all of it; padding files are zeros (BEP 47). */
export async function readTorrent(
  layout: TorrentLayout,
  files: OpenFiles,
  range: ByteRange,
  signal: AbortSignal,
): Promise<Uint8Array> {
  assertInvariant(range.start >= 0 && range.end <= layout.sizeBytes, "Only bytes of the torrent can be read");
  const bytes = allocateBytes(rangeLength(range));
  await withStorageErrors(() => fillFromFiles(layout, files, { range, bytes, signal }), signal);
  return bytes;
}

/** Whether the hash of a piece is right as it lies in its files. */
export async function isPieceRight(
  layout: TorrentLayout,
  files: OpenFiles,
  piece: number,
  signal: AbortSignal,
): Promise<boolean> {
  const read = (offset: number, bytes: Uint8Array): Promise<void> =>
    fillFromFiles(layout, files, { range: { start: offset, end: offset + bytes.length }, bytes, signal });
  const right = await rehash([piece], layout, { read, signal, checked: () => undefined });
  return right.length > 0;
}

/** As `readTorrent`, into memory of the caller, with the errors of the file system. */
export async function fillFromFiles(
  layout: TorrentLayout,
  files: OpenFiles,
  { range, bytes, signal }: { range: ByteRange; bytes: Uint8Array; signal: AbortSignal },
): Promise<void> {
  let done = 0;
  for (const { file, position, lengthBytes } of spansOf(layout, range)) {
    signal.throwIfAborted();
    const part = bytes.subarray(done, done + lengthBytes);
    done += lengthBytes;
    if (file.isPadding) part.fill(0);
    else if (lengthBytes > 0) await files.use(file, "read", (handle) => readFully(handle, part, position));
  }
}
