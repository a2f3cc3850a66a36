import type { BlockRequest, TorrentGeometry } from "../../src/types.ts";
import { MAX_REQUEST_BYTES } from "../../src/upload/index.ts";

const LARGEST = 0xffff_ffff;
const BLOCK_BYTES = 16 * 1024;

/** Requests that fit into a message, and that no torrent can answer. */
export function impossibleRequests({ pieceCount, pieceLengthBytes }: TorrentGeometry): BlockRequest[] {
  return [
    { piece: pieceCount, offset: 0, length: BLOCK_BYTES },
    { piece: LARGEST, offset: 0, length: BLOCK_BYTES },
    { piece: 0, offset: 0, length: 0 },
    { piece: 0, offset: pieceLengthBytes, length: BLOCK_BYTES },
    { piece: 0, offset: pieceLengthBytes - 1, length: 2 },
    { piece: 0, offset: LARGEST, length: 2 },
    { piece: pieceCount - 1, offset: 0, length: pieceLengthBytes + 1 },
    { piece: 0, offset: 0, length: MAX_REQUEST_BYTES + 1 },
    { piece: 0, offset: 0, length: LARGEST },
  ];
}
