import { createHash } from "node:crypto";
import { isHashOf } from "../metainfo/piece-hash.ts";
import { pieceLength } from "../types.ts";
import { allocateBytes } from "./file-io.ts";
import type { TorrentLayout } from "./file-layout.ts";

/** Read and hashed at a time: less than a millisecond between two turns of the event loop. */
const CHUNK_BYTES = 1024 * 1024;
const ZEROS = Buffer.alloc(CHUNK_BYTES);

/** Fills `bytes` from `offset` of the torrent. */
export type ReadTorrent = (offset: number, bytes: Uint8Array) => Promise<void>;

/**
 * Those of the pieces whose SHA-1 is right in what lies on the disk. Holes of sparse files read as zeros, and most of what
 * is hashed may be holes: zeros are compared, which costs a twentieth of hashing them. (Node cannot ask where holes are.)
 */
export async function rehash(
  pieces: Iterable<number>,
  layout: TorrentLayout,
  options: { read: ReadTorrent; signal: AbortSignal; checked: () => void },
): Promise<number[]> {
  const right: number[] = [];
  const hashZeros = createZeroHasher();
  const buffer = allocateBytes(Math.min(CHUNK_BYTES, layout.pieceLengthBytes));
  for (const piece of pieces) {
    const lengthBytes = pieceLength(layout, piece);
    const hash = createHash("sha1");
    let zeroBytes = 0;
    for (let done = 0; done < lengthBytes; ) {
      options.signal.throwIfAborted();
      const chunk = buffer.subarray(0, Math.min(buffer.length, lengthBytes - done));
      await options.read(piece * layout.pieceLengthBytes + done, chunk);
      // Zeros at the start are hashed only once something else follows them.
      if (zeroBytes === done && ZEROS.subarray(0, chunk.length).equals(chunk)) zeroBytes += chunk.length;
      else {
        if (zeroBytes === done) updateWithZeros(hash, zeroBytes);
        hash.update(chunk);
      }
      done += chunk.length;
    }
    const digest = zeroBytes === lengthBytes ? hashZeros(lengthBytes) : hash.digest();
    if (isHashOf(layout, piece, digest)) right.push(piece);
    options.checked();
  }
  return right;
}

/** SHA-1 of so many zeros, worked out once for each length: the pieces of a torrent have one or two. */
function createZeroHasher(): (lengthBytes: number) => Buffer {
  const known = new Map<number, Buffer>();
  return (lengthBytes) => {
    const hash = createHash("sha1");
    const digest = known.get(lengthBytes) ?? updateWithZeros(hash, lengthBytes).digest();
    known.set(lengthBytes, digest);
    return digest;
  };
}

function updateWithZeros(hash: ReturnType<typeof createHash>, lengthBytes: number): ReturnType<typeof createHash> {
  for (let left = lengthBytes; left > 0; left -= CHUNK_BYTES)
    hash.update(ZEROS.subarray(0, Math.min(left, CHUNK_BYTES)));
  return hash;
}
