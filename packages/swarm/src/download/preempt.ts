import { recallBlock } from "./block-requests.ts";
import type { DownloadState } from "./download-state.ts";
import type { PeerQueue } from "./peer-queue.ts";

/** Free blocks that are due within this time are urgent enough to take work back for. */
export const URGENT_WITHIN_MS = 1000;
/** Pieces due this soon after the first urgent one count as urgent with it. */
const URGENT_SPREAD_MS = 500;
/** Only work that is due this much later than the urgent piece is taken back. */
const LATER_BY_MS = 1000;

/**
 * Urgent blocks are free: takes back queued requests that are due at least a second later, newest first and no more than
 * needed, so that the urgent ones do not queue behind them. Call it when the plan changed or blocks became free.
 */
export function preempt(state: DownloadState, nowMs: number): void {
  const urgent = urgentFreeBlocks(state, nowMs);
  if (urgent.blocks === 0) return;
  for (const peer of state.peers.values()) {
    if (!peer.isReady || !urgent.pieces.some((piece) => peer.has(piece))) continue;
    recallLaterWork(state, peer, { dueMs: urgent.firstDueMs + LATER_BY_MS, count: urgent.blocks });
  }
  state.order.rewind();
}

interface UrgentBlocks {
  readonly pieces: readonly number[];
  readonly blocks: number;
  /** Deadline of the earliest piece that has free blocks. */
  readonly firstDueMs: number;
}

function urgentFreeBlocks(state: DownloadState, nowMs: number): UrgentBlocks {
  const pieces: number[] = [];
  let blocks = 0;
  let firstDueMs = Number.POSITIVE_INFINITY;
  for (const piece of state.order.earliestFirst()) {
    const dueMs = state.order.dueMs(piece);
    if (dueMs === undefined) continue;
    if (dueMs - nowMs > URGENT_WITHIN_MS || dueMs > firstDueMs + URGENT_SPREAD_MS) break;
    const freeBlocks = state.pieces.freeBlocks(piece);
    if (freeBlocks === 0) continue;
    pieces.push(piece);
    blocks += freeBlocks;
    firstDueMs = Math.min(firstDueMs, dueMs);
  }
  return { pieces, blocks, firstDueMs };
}

function recallLaterWork(
  state: DownloadState,
  peer: PeerQueue,
  { dueMs, count }: { dueMs: number; count: number },
): void {
  let left = count;
  for (const key of [...peer.inFlight.keys()].reverse()) {
    if (left === 0) return;
    const pieceDueMs = state.order.dueMs(state.grid.pieceOf(key)) ?? Number.POSITIVE_INFINITY;
    if (pieceDueMs <= dueMs) continue;
    recallBlock(state, peer, key);
    left -= 1;
  }
}
