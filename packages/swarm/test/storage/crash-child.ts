import { writeSync } from "node:fs";
import { createRandom } from "@riptide/sim";
import { openTorrentStore } from "../../src/storage/index.ts";
import { crashTorrent } from "./crash-torrent.ts";

/**
 * Downloads into a folder until it is killed: pieces in random order, some of them wrong and never marked. Writes the
 * number of each piece to standard output once it is verified, be it durable or not. Arguments: folder, seed.
 */
const [directory, seed] = process.argv.slice(2);
const random = createRandom(Number(seed));
const torrent = crashTorrent();
const { signal } = new AbortController();
const store = await openTorrentStore({ directory: directory!, metainfo: torrent, signal });
const pieces = random.shuffle(Array.from({ length: torrent.pieceCount }, (_, piece) => piece));
for (const piece of pieces) {
  if ((store.verified[piece >> 3]! & (0x80 >> (piece & 7))) !== 0) continue;
  const isWrong = random.next() < 0.2;
  await store.write(piece, isWrong ? random.bytes(torrent.pieceBytes(piece).length) : torrent.pieceBytes(piece));
  if (isWrong) continue;
  store.markVerified(piece);
  writeSync(1, `${piece}\n`);
  if (random.next() < 0.3) await store.sync();
  if (random.next() < 0.1) {
    await store.savePartials([{ piece, blocks: Uint8Array.of(0x80), bytes: torrent.pieceBytes(piece) }]);
  }
}
writeSync(1, "all\n");
