import { createHash } from "node:crypto";
import { distinctPieces, trueBytes } from "@riptide/sim";
import { encodeBencode, type Metainfo, parseInfoDictionary } from "../../src/metainfo/index.ts";
import type { TorrentGeometry } from "../../src/types.ts";

export const FILE_NAME = "film.bin";

const metainfos = new Map<string, Metainfo>();

/** The metadata of a torrent of one file with the true content; made once for each shape, since all of it is hashed. */
export function metainfoOf(geometry: TorrentGeometry): Metainfo {
  const key = `${geometry.sizeBytes}/${geometry.pieceLengthBytes}`;
  const metainfo = metainfos.get(key) ?? createMetainfo(geometry);
  metainfos.set(key, metainfo);
  return metainfo;
}

function createMetainfo(geometry: TorrentGeometry): Metainfo {
  const hashes = new Map<number, Buffer>();
  const pieces = Array.from({ length: geometry.pieceCount }, (_, piece) => {
    // The last piece may be shorter than those that hold the same.
    const key = piece === geometry.pieceCount - 1 ? -1 : piece % distinctPieces(geometry);
    const hash = hashes.get(key) ?? createHash("sha1").update(trueBytes(geometry, piece)).digest();
    hashes.set(key, hash);
    return hash;
  });
  const { sizeBytes, pieceLengthBytes } = geometry;
  return parseInfoDictionary(
    encodeBencode({
      length: sizeBytes,
      name: FILE_NAME,
      "piece length": pieceLengthBytes,
      pieces: Buffer.concat(pieces),
    }),
  );
}
