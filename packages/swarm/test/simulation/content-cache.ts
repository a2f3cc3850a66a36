import { distinctPieces, trueBytes } from "@riptide/sim";
import type { TorrentGeometry } from "../../src/types.ts";

/** What is kept of the content: all that differs, for torrents of usual pieces. */
const MAX_KEPT_BYTES = 64 * 1024 * 1024;

/** What is really in a piece; made once for all pieces that hold the same, as long as there is room. */
export function contentCache(geometry: TorrentGeometry): (piece: number) => Uint8Array {
  const kept = new Map<number, Uint8Array>();
  const maxKept = Math.max(4, Math.floor(MAX_KEPT_BYTES / geometry.pieceLengthBytes));
  return (piece) => {
    // The last piece may be shorter than those that hold the same.
    const key = piece === geometry.pieceCount - 1 ? -1 : piece % distinctPieces(geometry);
    let bytes = kept.get(key);
    if (bytes !== undefined) return bytes;
    bytes = trueBytes(geometry, piece);
    kept.set(key, bytes);
    if (kept.size > maxKept) for (const oldest of [...kept.keys()].slice(0, 1)) kept.delete(oldest);
    return bytes;
  };
}
