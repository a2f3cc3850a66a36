import { canMakeRoom, openPiece, requestBlock } from "./block-requests.ts";
import type { DownloadState } from "./download-state.ts";
import type { PeerQueue } from "./peer-queue.ts";
import type { PieceAssembly } from "./piece-assembly.ts";
import { isSureOf, mustShow, probe } from "./probe.ts";
import { mayStore, mayWorkOn } from "./trial.ts";
import { URGENT_WITHIN_MS } from "./urgent-blocks.ts";

/** A peer may take a block if it will be done in this share of the time left: its estimate may be off. */
const SAFE_SHARE_OF_SLACK = 0.7;
/** A faster peer must win by this much before a slower one stands back. */
const RIVAL_MARGIN = 1.1;
const RIVAL_MARGIN_MS = 50;
/** Peers looked at for one that has the piece and is faster. */
const MAX_RIVALS = 8;

/** Spare work: no more than keeps the peer busy between two reads, so that a reader who comes waits for next to nothing. */
const SPARE_QUEUED_WORK_MS = 100;

/** Requests are refilled when no more than this share of the depth is left: a refill is then worth a packet. */
const REFILL_BELOW_SHARE = 0.8;

/** Gives a peer work up to its depth: wanted pieces in the order of their deadlines. */
export function fill(state: DownloadState, peer: PeerQueue, nowMs: number): void {
  const { order, pieces } = state;
  if (!peer.isReady || state.isPaused || peer.barrenVersion === order.version) return;
  const version = order.version;
  let freeAhead = 0;
  let isBarren = true;
  /** Pieces that are begun and lack a request; undefined as long as there is room for others. */
  let begun: number | undefined;
  let index = order.firstOpen((piece) => pieces.freeBlocks(piece) === 0);
  for (; peer.inFlight.size < depthOf(state, peer); index++) {
    const piece = order.at(index);
    if (piece === undefined) break;
    const dueMs = order.dueMs(piece);
    const freeBlocks = pieces.freeBlocks(piece);
    if (dueMs === undefined || freeBlocks === 0) continue;
    freeAhead += freeBlocks;
    const assembly = pieces.get(piece);
    if (!peer.offers(piece) || !mayWorkOn(assembly, peer.source, state.areSuspectsApart)) continue;
    isBarren = false;
    if (assembly === undefined) {
      // Where there is no room for this piece, there is none for those that are due later: only what is begun goes on.
      begun ??= canMakeRoom(state, dueMs) ? undefined : pieces.unfilled;
      if (begun === 0) return;
      if (begun !== undefined) continue;
    } else if (begun !== undefined) begun -= 1;
    if (!state.allowance.mayAsk(dueMs, nowMs)) return;
    if (mustShow(state, peer, piece)) probe(state, peer, { piece, dueMs, nowMs });
    else freeAhead -= fillFromPiece(state, peer, { piece, dueMs, freeAhead, nowMs });
  }
  // Nothing of what it has is wanted: no use looking again before that changes.
  if (isBarren && order.at(index) === undefined) peer.barrenVersion = version;
}

/** Peers that have little to do need not wait for the next tick. */
export function fillHungry(state: DownloadState, nowMs: number): void {
  for (const peer of state.peers.values()) if (isHungry(state, peer)) fill(state, peer, nowMs);
}

export function isHungry(state: DownloadState, peer: PeerQueue): boolean {
  return peer.inFlight.size <= depthOf(state, peer) * REFILL_BELOW_SHARE;
}

/** How many requests the peer should owe us at once. */
function depthOf(state: DownloadState, peer: PeerQueue): number {
  return state.isSpareTime ? peer.depth(SPARE_QUEUED_WORK_MS) : Math.min(peer.depth(), peer.shareDepth);
}

/** How many blocks of this piece the peer was asked for. `freeAhead`: free blocks up to the end of this piece. */
function fillFromPiece(
  state: DownloadState,
  peer: PeerQueue,
  { piece, dueMs, freeAhead, nowMs }: { piece: number; dueMs: number; freeAhead: number; nowMs: number },
): number {
  let assembly = state.pieces.get(piece);
  const isTried = assembly?.investigation !== undefined;
  const rival = isTried ? undefined : fastestRival(state, peer, piece);
  const msPerBlock = peer.msPerBlock(nowMs);
  let asked = 0;
  const isUrgent = dueMs - nowMs <= URGENT_WITHIN_MS;
  while (peer.inFlight.size < depthOf(state, peer) && state.allowance.mayAsk(dueMs, nowMs)) {
    if (isUrgent && peer.inFlight.size >= peer.urgentDepth) break;
    const mineMs = (peer.inFlight.size + 1) * msPerBlock;
    if (rival !== undefined && mineMs > (dueMs - nowMs) * SAFE_SHARE_OF_SLACK) {
      const rivalMs = (rival.inFlight.size + freeAhead - asked) * rival.msPerBlock(nowMs);
      if (isDominated(mineMs, rivalMs)) break;
    }
    assembly ??= openPiece(state, piece, dueMs);
    const block = assembly === undefined ? undefined : nextBlockFor(assembly, peer);
    if (assembly === undefined || block === undefined) break;
    requestBlock(state, peer, { assembly, block, nowMs });
    asked += 1;
  }
  return asked;
}

/**
 * Slow peers stay out of the tail of urgent pieces: if one other peer alone would fetch everything up to there sooner
 * than this peer its one block, the block is left to that peer.
 */
export function isDominated(mineMs: number, rivalMs: number): boolean {
  return mineMs > rivalMs * RIVAL_MARGIN + RIVAL_MARGIN_MS;
}

/** The peer that finishes soonest and could take the piece; only the first few are looked at. */
function fastestRival(state: DownloadState, peer: PeerQueue, piece: number): PeerQueue | undefined {
  const assembly = state.pieces.get(piece);
  for (let index = 0; index < Math.min(MAX_RIVALS, state.ranked.length); index++) {
    const rival = state.ranked[index];
    if (rival === undefined || rival === peer || !rival.isReady || !isSureOf(state, rival, piece)) continue;
    if (mayWorkOn(assembly, rival.source, state.areSuspectsApart)) return rival;
  }
  return undefined;
}

function nextBlockFor(assembly: PieceAssembly, peer: PeerQueue): number | undefined {
  if (assembly.investigation?.trial.kind !== "copies") return assembly.nextFree();
  return assembly.nextFree((block) => mayStore(assembly.investigation, block, peer.source));
}
