import { createCipheriv } from "node:crypto";
import { createWriteStream } from "node:fs";
import { mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import { fileURLToPath } from "node:url";
import { createTorrentFile, parseTorrentFile } from "@riptide/swarm";

const FOLDER = fileURLToPath(new URL("../../.cache/bench/swarm/", import.meta.url));
const MIB = 1024 * 1024;

/** A file that is kept from run to run, and a torrent of it. */
export interface BenchTorrent {
  readonly infoHash: string;
  readonly torrentPath: string;
  readonly filePath: string;
  /** Holds the file. */
  readonly directory: string;
  readonly lengthBytes: number;
  readonly pieceLengthBytes: number;
}

/** A torrent of one file of noise, which is always the same for the same length. */
export async function benchTorrent(lengthBytes: number, pieceLengthBytes: number): Promise<BenchTorrent> {
  const name = `${lengthBytes / MIB}m.bin`;
  const filePath = `${FOLDER}${name}`;
  const torrentPath = `${FOLDER}${name}.${pieceLengthBytes / 1024}k.torrent`;
  await mkdir(FOLDER, { recursive: true });
  if ((await sizeOf(filePath)) !== lengthBytes) await writeNoise(filePath, lengthBytes);
  if ((await sizeOf(torrentPath)) === 0) {
    const torrentFile = await createTorrentFile({
      name,
      files: [{ absolutePath: filePath, path: [name] }],
      pieceLengthBytes,
      trackers: [],
      signal: new AbortController().signal,
    });
    await writeFile(torrentPath, torrentFile);
  }
  const { infoHash } = parseTorrentFile(await readFile(torrentPath));
  return { infoHash, torrentPath, filePath, directory: FOLDER, lengthBytes, pieceLengthBytes };
}

async function sizeOf(path: string): Promise<number> {
  return await stat(path).then(
    ({ size }) => size,
    () => 0,
  );
}

/** A key stream: as random as anything for a hash, at a gigabyte a second. */
async function writeNoise(path: string, lengthBytes: number): Promise<void> {
  const cipher = createCipheriv("aes-128-ctr", Buffer.alloc(16), Buffer.alloc(16));
  const zeros = Buffer.alloc(MIB);
  const noise = function* (): Generator<Buffer> {
    for (let at = 0; at < lengthBytes; at += MIB)
      yield cipher.update(zeros.subarray(0, Math.min(MIB, lengthBytes - at)));
  };
  await pipeline(noise, createWriteStream(path));
}
