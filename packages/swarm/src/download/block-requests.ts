import type { DownloadState } from "./download-state.ts";
import type { PeerQueue } from "./peer-queue.ts";
import type { PieceAssembly } from "./piece-assembly.ts";
import type { Source } from "./source.ts";
import { blockOfCopy } from "./trial.ts";

/** Asks a peer for a block. */
export function requestBlock(
  state: DownloadState,
  peer: PeerQueue,
  { assembly, block, nowMs }: { assembly: PieceAssembly; block: number; nowMs: number },
): void {
  const key = state.grid.key(assembly.piece, block);
  assembly.ask(block);
  state.allowance.charge(state.grid.requestOf(key).length);
  peer.noteRequest(key, nowMs);
  state.outbox.request(peer.source.peer, key);
}

/** Takes a request back with a CANCEL. That is advisory (BEP 3): the block may come all the same. */
export function recallBlock(state: DownloadState, peer: PeerQueue, key: number): void {
  if (state.outbox.cancel(peer.source.peer, key)) {
    peer.noteCancel(key);
    peer.noteRecalled(key);
    state.counters.cancels += 1;
  }
  dropRequest(state, peer, key);
}

/** The peer no longer owes the block (it was answered, refused or lost). True if it did. */
export function dropRequest(state: DownloadState, peer: PeerQueue, key: number): boolean {
  if (!peer.inFlight.delete(key)) return false;
  state.allowance.charge(-state.grid.requestOf(key).length);
  const assembly = state.pieces.get(state.grid.pieceOf(key));
  const freeBefore = assembly?.freeBlocks ?? 0;
  const wasProbe = peer.probes.delete(key);
  assembly?.unask(state.grid.blockOf(key), wasProbe || peer.isSilent);
  if (assembly !== undefined && assembly.freeBlocks > freeBefore) state.order.rewind();
  return true;
}

/** The peer will not answer (it choked us or left); blocks that it sent before are still accepted. */
export function releaseAllBlocks(state: DownloadState, peer: PeerQueue): void {
  for (const key of peer.inFlight.keys()) {
    dropRequest(state, peer, key);
    if (state.outbox.withdraw(peer.source.peer, key)) peer.noteRecalled(key);
  }
  peer.excuse();
  peer.silentSinceMs = undefined;
}

/** The block's bytes are in the piece's buffer: `sender` has answered, and nobody else needs to send it any more. */
export function acceptBlock(
  state: DownloadState,
  assembly: PieceAssembly,
  { block, source, sender }: { block: number; source: Source; sender?: PeerQueue },
): void {
  const key = state.grid.key(assembly.piece, block);
  const interrupted = assembly.interruptWriter(block);
  if (interrupted !== undefined) state.outbox.released(interrupted);
  assembly.arrive(block, source);
  if (sender !== undefined) dropRequest(state, sender, key);
  if (assembly.isOwed(block)) {
    for (const peer of state.peers.values()) if (peer.inFlight.has(key)) recallBlock(state, peer, key);
  }
  judgeIfComplete(state, assembly);
}

/** Blocks of bad copies may make a piece whole without one that arrives: nobody else would look at it again. */
export function judgeIfComplete(state: DownloadState, assembly: PieceAssembly): void {
  if (assembly.isComplete) state.complete.add(assembly);
}

/** Opens the piece if the memory for it is there or can be taken from less urgent pieces. */
export function openPiece(state: DownloadState, piece: number, dueMs: number): PieceAssembly | undefined {
  const assembly = state.pieces.get(piece);
  if (assembly !== undefined) return assembly;
  return makeRoom(state, dueMs) ? state.pieces.open(piece) : undefined;
}

/** Makes room for one more buffer by dropping pieces less urgent than `dueMs`. False if that is impossible. */
export function makeRoom(state: DownloadState, dueMs: number): boolean {
  while (state.pieces.isFull) {
    const victim = state.pieces.leastUrgent(state.order, dueMs);
    if (victim === undefined) return false;
    dropPiece(state, victim);
  }
  return true;
}

/** Whether there is memory for a piece that is due then, or a less urgent one that could make way. */
export function canMakeRoom({ pieces, order }: DownloadState, dueMs: number): boolean {
  return !pieces.isFull || pieces.leastUrgent(order, dueMs) !== undefined;
}

/** Puts those blocks of the piece's bad copies that are missing, and whose source `isTrusted`, into the piece again. */
export function restoreBlocks(
  state: DownloadState,
  assembly: PieceAssembly,
  isTrusted: (source: Source) => boolean,
): void {
  for (const copy of assembly.investigation?.badCopies ?? []) {
    for (const [block, source] of copy.sources.entries()) {
      if (source === undefined || !isTrusted(source) || assembly.hasArrived(block)) continue;
      const bytes = blockOfCopy(copy, assembly, block);
      assembly.blockBytes(block).set(bytes);
      acceptBlock(state, assembly, { block, source });
      state.counters.wastedBytes -= bytes.length;
    }
  }
}

/** Takes back what is asked of the piece, of all peers but one. */
export function recallPiece(state: DownloadState, piece: number, except?: Source): void {
  for (const peer of state.peers.values()) {
    if (peer.source === except) continue;
    for (const key of peer.inFlight.keys()) if (state.grid.pieceOf(key) === piece) recallBlock(state, peer, key);
  }
}

/** Takes back what is asked of pieces that nobody wants. */
export function recallUnwanted(state: DownloadState): void {
  for (const peer of state.peers.values()) {
    for (const key of peer.inFlight.keys()) {
      if (!state.order.isWanted(state.grid.pieceOf(key))) recallBlock(state, peer, key);
    }
  }
}

/** Hands out again what could not be stored, be it that nobody wants it any more: until it is stored, the disk is said to be in trouble. */
export function offerUnstored({ isPaused, outbox, pieces }: DownloadState): void {
  if (isPaused) return;
  for (const assembly of pieces.values()) {
    if (assembly.phase !== "unstored") continue;
    assembly.phase = "storing";
    outbox.verified(assembly.piece, assembly.bytes());
  }
}

/** Gives up a piece that is not complete. */
function dropPiece(state: DownloadState, assembly: PieceAssembly): void {
  recallPiece(state, assembly.piece);
  state.complete.delete(assembly);
  state.counters.wastedBytes += assembly.discard(() => true);
  for (const view of state.pieces.close(assembly)) state.outbox.released(view);
  state.order.rewind();
}
