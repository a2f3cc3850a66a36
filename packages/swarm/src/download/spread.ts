import { recallBlock } from "./block-requests.ts";
import { type DownloadState, readyPeers } from "./download-state.ts";
import { fill } from "./fill.ts";
import type { PeerQueue } from "./peer-queue.ts";
import { isSureOf } from "./probe.ts";
import { URGENT_WITHIN_MS, urgentFreeBlocks } from "./urgent-blocks.ts";

/** Halvings of the time that is looked for: from a quarter of an hour down to a millisecond. */
const BISECTIONS = 20;
/** By then the slowest peer that is believed has sent all of the largest piece. */
const LONGEST_MS = 15 * 60_000;

/**
 * Shares out the free blocks that are due now, so that all who take part are done at the same time: in the shortest time in which they can
 * send them, each at its own pace. Otherwise the fastest few would fill their queues with them, and a viewer wait for half a second's work
 * of each while others are idle. Who takes no part is bound by its queue alone. Call it before work is given out, and when a peer's pace
 * becomes known: it would take all there is. True if there are any.
 */
export function spread(state: DownloadState, nowMs: number): boolean {
  const ready = readyPeers(state);
  for (const peer of ready) {
    peer.urgentDepth = Number.POSITIVE_INFINITY;
    peer.shareDepth = Number.POSITIVE_INFINITY;
  }
  const { pieces, blocks } = urgentFreeBlocks(state, nowMs);
  if (blocks === 0) {
    shareFew(state, ready, nowMs);
    return false;
  }
  const havers = ready.filter((peer) => pieces.some((piece) => isSureOf(state, peer, piece)));
  const sharers = isStart(state) ? havers : havers.filter(isTrusted);
  if (sharers.length < 2) return true;
  const timeMs = shortestTimeMs(sharers, blocks, nowMs);
  for (const peer of sharers) peer.urgentDepth = Math.max(1, blocksWithin(timeMs, peer, nowMs));
  return true;
}

/**
 * Nothing is due now, and less is wanted than all queues hold, as at the start, when windows are small: shared out in the same way, it is
 * there soonest. Else the few who are asked first have work for half a second, and the others none. Only who has all of it shares it, so
 * that nothing is left over; while it is looked for who lied, not all may have all.
 */
function shareFew(state: DownloadState, ready: readonly PeerQueue[], nowMs: number): void {
  if (ready.length < 2 || state.areSuspectsApart) return;
  const room = ready.reduce((sum, peer) => sum + Math.max(0, peer.depth() - peer.inFlight.size), 0);
  const pieces: number[] = [];
  let blocks = 0;
  for (const piece of state.order.earliestFirst()) {
    const freeBlocks = state.order.isWanted(piece) ? state.pieces.freeBlocks(piece) : 0;
    if (freeBlocks > 0) pieces.push(piece);
    blocks += freeBlocks;
    if (blocks >= room) return;
  }
  const sharers = ready.filter((peer) => pieces.every((piece) => isSureOf(state, peer, piece)));
  if (blocks === 0 || sharers.length < 2) return;
  const timeMs = shortestTimeMs(sharers, blocks, nowMs);
  for (const peer of sharers) peer.shareDepth = Math.max(1, blocksWithin(timeMs, peer, nowMs));
}

/**
 * At the start peers come one after the other, and the first of them are asked for all that is due now. Whoever comes later takes over what
 * was asked last of those who have most of it, as long as nothing of it has come: who is faster is not known yet.
 */
export function shareWithNewcomer(state: DownloadState, newcomer: PeerQueue, nowMs: number): void {
  if (!newcomer.isReady || newcomer.isProven || !isStart(state)) return;
  for (let before = -1; before < newcomer.inFlight.size; ) {
    before = newcomer.inFlight.size;
    const fullest = fullestUnproven(state);
    if (fullest === undefined || fullest.inFlight.size <= before + 1) return;
    const key = lastUrgent(state, fullest, newcomer, nowMs);
    if (key === undefined) return;
    recallBlock(state, fullest, key);
    fill(state, newcomer, nowMs);
  }
}

function fullestUnproven(state: DownloadState): PeerQueue | undefined {
  let fullest: PeerQueue | undefined;
  for (const peer of state.peers.values()) {
    if (peer.isProven || !peer.isReady) continue;
    if (fullest === undefined || peer.inFlight.size > fullest.inFlight.size) fullest = peer;
  }
  return fullest;
}

/** What was asked last of one peer, if it is due now and the other one has it. */
function lastUrgent(state: DownloadState, peer: PeerQueue, other: PeerQueue, nowMs: number): number | undefined {
  const key = [...peer.inFlight.keys()].at(-1);
  if (key === undefined) return undefined;
  const piece = state.grid.pieceOf(key);
  const dueMs = state.order.dueMs(piece) ?? Number.POSITIVE_INFINITY;
  return other.offers(piece) && dueMs - nowMs <= URGENT_WITHIN_MS ? key : undefined;
}

/** Nobody has sent a whole piece yet, neither right nor wrong: all who have a piece share it. */
function isStart({ counters, peers }: DownloadState): boolean {
  if (counters.hashFailures > 0) return false;
  for (const { source } of peers.values()) if (source.goodPieces > 0) return false;
  return true;
}

/** It has sent what was right. Where many have sent a piece that is wrong, it takes long to find out who lied. */
function isTrusted({ isProven, source }: PeerQueue): boolean {
  return isProven && source.goodPieces > 0 && !source.isSuspect;
}

/** In which all of them together have sent these blocks, behind what they owe already. */
function shortestTimeMs(sharers: readonly PeerQueue[], blocks: number, nowMs: number): number {
  let tooShortMs = 0;
  let enoughMs = LONGEST_MS;
  for (let round = 0; round < BISECTIONS; round++) {
    const timeMs = (tooShortMs + enoughMs) / 2;
    let sum = 0;
    for (const peer of sharers) sum += Math.max(0, blocksWithin(timeMs, peer, nowMs) - peer.inFlight.size);
    if (sum < blocks) tooShortMs = timeMs;
    else enoughMs = timeMs;
  }
  return enoughMs;
}

function blocksWithin(timeMs: number, peer: PeerQueue, nowMs: number): number {
  return Math.floor((timeMs + peer.sendingMs(nowMs)) / peer.msPerBlock(nowMs));
}
