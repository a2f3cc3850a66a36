import { openPiece, requestBlock } from "./block-requests.ts";
import type { DownloadState } from "./download-state.ts";
import type { PeerQueue } from "./peer-queue.ts";
import type { PieceAssembly } from "./piece-assembly.ts";
import { mayStore } from "./trial.ts";

/** Enough to find work for a peer of 8 MB/s in pieces of 256 KiB; each of them opens a piece. */
const MAX_PROBES = 16;

/** It offers the piece, and is believed. */
export function isSureOf(state: DownloadState, peer: PeerQueue, piece: number): boolean {
  return peer.offers(piece) && !mustShow(state, peer, piece);
}

/**
 * Who left a request unanswered once shows first, with each piece that it offers, that it has it: a bitfield that lies costs a reader one
 * timeout, not one for each piece.
 */
export function mustShow(state: DownloadState, peer: PeerQueue, piece: number): boolean {
  if (peer.probes.size > 0 && isProbing(state, peer, piece)) return true;
  return peer.isDoubtful && state.pieces.get(piece)?.hasFrom(peer.source) !== true;
}

/**
 * Asks a doubtful peer for one block of the piece, which stays free for others. It is the one that they come to last: where the peer does
 * not lie, it has mostly sent it by then.
 */
export function probe(
  state: DownloadState,
  peer: PeerQueue,
  { piece, dueMs, nowMs }: { piece: number; dueMs: number; nowMs: number },
): void {
  if (peer.probes.size >= MAX_PROBES || isProbing(state, peer, piece)) return;
  const assembly = openPiece(state, piece, dueMs);
  const block = assembly && blockToProbe(assembly, peer);
  if (assembly === undefined || block === undefined) return;
  requestBlock(state, peer, { assembly, block, nowMs });
  letGo(state, peer, state.grid.key(piece, block));
}

/** The peer has become doubtful: others may fetch what it owes of pieces of which it has sent nothing. */
export function letGoOfUnsure(state: DownloadState, peer: PeerQueue): void {
  for (const key of peer.inFlight.keys()) {
    const assembly = state.pieces.get(state.grid.pieceOf(key));
    if (assembly?.hasFrom(peer.source) !== true && !peer.probes.has(key)) letGo(state, peer, key);
  }
  state.order.rewind();
}

function letGo(state: DownloadState, peer: PeerQueue, key: number): void {
  if (!peer.isSilent) state.pieces.get(state.grid.pieceOf(key))?.silence(state.grid.blockOf(key));
  peer.probes.add(key);
}

function isProbing(state: DownloadState, peer: PeerQueue, piece: number): boolean {
  for (const key of peer.probes) if (state.grid.pieceOf(key) === piece) return true;
  return false;
}

/** The last block that nobody has been asked for. */
function blockToProbe(assembly: PieceAssembly, { source }: PeerQueue): number | undefined {
  for (let block = assembly.blockCount - 1; block >= 0; block--) {
    if (!assembly.isFree(block) || assembly.isOwed(block)) continue;
    if (mayStore(assembly.investigation, block, source)) return block;
  }
  return undefined;
}
