import { encodeBencode, type Metainfo, parseTorrentFile } from "../../src/metainfo/index.ts";

export const PIECE_LENGTH_BYTES = 16_384;

/** A torrent of files `[path, length]`, whose piece hashes are made up; a path that begins with `.pad` is padding. */
export function sampleTorrentFile(
  files: readonly (readonly [path: string, lengthBytes: number])[],
  { name = "films", trackers = [] }: { name?: string; trackers?: readonly string[] } = {},
): Uint8Array {
  const sizeBytes = files.reduce((sum, [, lengthBytes]) => sum + lengthBytes, 0);
  const pieceCount = Math.ceil(sizeBytes / PIECE_LENGTH_BYTES);
  return encodeBencode({
    "announce-list": trackers.map((tracker) => [tracker]),
    info: {
      files: files.map(([path, length]) => ({
        ...(path.startsWith(".pad") ? { attr: "p" } : {}),
        length,
        path: path.split("/"),
      })),
      name,
      "piece length": PIECE_LENGTH_BYTES,
      pieces: new Uint8Array(20 * pieceCount).fill(7),
    },
  });
}

export function sampleMetainfo(files: readonly (readonly [path: string, lengthBytes: number])[]): Metainfo {
  return parseTorrentFile(sampleTorrentFile(files));
}
