import { createHash } from "node:crypto";
import { parseTorrentFile } from "@riptide/swarm";
import { type BencodeInput, encodeBencode } from "../../packages/swarm/src/metainfo/bencode.ts";

/** A file of a made torrent. What the path holds is nobody's business: it may be hostile. */
interface MadeFile {
  readonly path: readonly string[];
  readonly bytes: Uint8Array;
}

export interface MadeTorrent {
  readonly infoHash: string;
  readonly torrentFile: Uint8Array;
  /** All files one behind the other, as a seed sends them. */
  readonly bytes: Uint8Array;
}

const PIECE_LENGTH_BYTES = 16 * 1024;

/** A torrent of these files, with any names. `around` stands beside its info dictionary. */
export function makeTorrent(
  name: string,
  files: readonly MadeFile[],
  around: Readonly<Record<string, BencodeInput>> = {},
): MadeTorrent {
  const bytes = Buffer.concat(files.map((file) => file.bytes));
  const info = {
    files: files.map((file) => ({ length: file.bytes.length, path: [...file.path] })),
    name,
    "piece length": PIECE_LENGTH_BYTES,
    pieces: hashPieces(bytes),
  };
  const torrentFile = encodeBencode({ ...around, info });
  return { bytes, torrentFile, infoHash: parseTorrentFile(torrentFile).infoHash };
}

function hashPieces(bytes: Uint8Array): Uint8Array {
  const hashes: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += PIECE_LENGTH_BYTES) {
    hashes.push(
      createHash("sha1")
        .update(bytes.subarray(at, at + PIECE_LENGTH_BYTES))
        .digest(),
    );
  }
  return Buffer.concat(hashes);
}
