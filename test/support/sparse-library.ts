import { mkdir, open, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createRandom } from "@riptide/sim";
import { encodeBencode, parseTorrentFile } from "../../packages/swarm/src/metainfo/index.ts";
import { openLibrary } from "../../packages/swarm/src/storage/index.ts";
import { encodeJournal } from "../../packages/swarm/src/storage/verified-journal.ts";

const PIECE_LENGTH_BYTES = 1024 * 1024;

export interface SparseLibraryOptions {
  readonly torrents: number;
  /** Of the one file of each torrent. */
  readonly lengthBytes: number;
}

/**
 * Fills a data folder with torrents as an earlier run left them, every second piece of each verified. The files are all
 * hole: nothing but the journal says what is in them.
 */
export async function createSparseLibrary(directory: string, options: SparseLibraryOptions): Promise<void> {
  const { torrents, lengthBytes: length } = options;
  const library = await openLibrary(directory);
  const pieceCount = Math.ceil(length / PIECE_LENGTH_BYTES);
  const pieces = Array.from({ length: Math.ceil(pieceCount / 2) }, (_, index) => 2 * index);
  for (let number = 0; number < torrents; number += 1) {
    const name = `film-${number}.mkv`;
    const hashes = createRandom(number).bytes(20 * pieceCount);
    const info = { length, name, "piece length": PIECE_LENGTH_BYTES, pieces: hashes };
    const { infoHash, infoBytes } = parseTorrentFile(encodeBencode({ info }));
    const about = { trackers: [], peers: [], provenPeers: [], displayName: name, addedAtMs: number };
    await library.save({ infoHash, infoBytes, ...about });
    const folder = library.directoryOf(infoHash);
    await mkdir(join(folder, ".riptide"), { recursive: true });
    await writeFile(join(folder, ".riptide", "verified"), encodeJournal(pieces, { infoHash, pieceCount }));
    const file = await open(join(folder, name), "w");
    await file.truncate(length);
    await file.close();
  }
  await library.close();
}

/** What a server that has opened such a library says of each torrent. */
export function verifiedBytesOf({ lengthBytes }: SparseLibraryOptions): number {
  return Math.ceil(lengthBytes / PIECE_LENGTH_BYTES / 2) * PIECE_LENGTH_BYTES;
}
