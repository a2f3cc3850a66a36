import { bitsByteLength, hasBit, setBit } from "../bits.ts";
import { BLOCK_LENGTH_BYTES, pieceLength, type TorrentGeometry } from "../types.ts";
import { acceptBlock, openPiece } from "./block-requests.ts";
import type { DownloadState } from "./download-state.ts";
import type { PartialPiece } from "./downloader-types.ts";
import type { PieceAssembly } from "./piece-assembly.ts";
import { UNKNOWN_SOURCE } from "./source.ts";

/** A copy of the blocks that are there. */
export function exportPartial(assembly: PieceAssembly): PartialPiece {
  const blocks = new Uint8Array(bitsByteLength(assembly.blockCount));
  for (let block = 0; block < assembly.blockCount; block++) if (assembly.hasArrived(block)) setBit(blocks, block);
  return { piece: assembly.piece, blocks, bytes: assembly.bytes().slice() };
}

/** Whether there is such a piece, of that length and with so many blocks. */
export function fitsTorrent(geometry: TorrentGeometry, { piece, blocks, bytes }: PartialPiece): boolean {
  const isPiece = Number.isInteger(piece) && piece >= 0 && piece < geometry.pieceCount;
  if (!isPiece || bytes.length !== pieceLength(geometry, piece)) return false;
  return blocks.length === bitsByteLength(Math.ceil(bytes.length / BLOCK_LENGTH_BYTES));
}

/** Takes up blocks of an earlier run, as far as they are missing and there is memory for the piece. */
export function importPartial(state: DownloadState, { piece, blocks, bytes }: PartialPiece): void {
  const dueMs = state.order.dueMs(piece) ?? Number.POSITIVE_INFINITY;
  const assembly = openPiece(state, piece, dueMs);
  // A piece under investigation takes blocks only from those it asks.
  if (assembly === undefined || assembly.phase !== "filling" || assembly.investigation !== undefined) return;
  for (let block = 0; block < assembly.blockCount; block++) {
    if (!hasBit(blocks, block) || assembly.hasArrived(block)) continue;
    const start = block * BLOCK_LENGTH_BYTES;
    assembly.blockBytes(block).set(bytes.subarray(start, start + BLOCK_LENGTH_BYTES));
    acceptBlock(state, assembly, { block, source: UNKNOWN_SOURCE });
  }
}
