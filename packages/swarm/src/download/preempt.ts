import { recallBlock } from "./block-requests.ts";
import type { DownloadState } from "./download-state.ts";
import type { PeerQueue } from "./peer-queue.ts";
import { urgentFreeBlocks } from "./urgent-blocks.ts";

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
