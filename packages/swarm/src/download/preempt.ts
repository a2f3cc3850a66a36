import { recallBlock } from "./block-requests.ts";
import type { DownloadState } from "./download-state.ts";
import type { PeerQueue } from "./peer-queue.ts";
import { urgentFreeBlocks } from "./urgent-blocks.ts";

/** Only work that is due this much later than the urgent piece is taken back. */
const LATER_BY_MS = 1000;

/**
 * Urgent blocks are free: takes back what was queued and is due at least a second later, so that they do not queue behind it. What a peer is
 * about to have sent when the CANCEL comes stays. Call it when the plan changed or blocks became free.
 */
export function preempt(state: DownloadState, nowMs: number): void {
  const urgent = urgentFreeBlocks(state, nowMs);
  if (urgent.blocks === 0) return;
  for (const peer of state.peers.values()) {
    if (!peer.isReady || !urgent.pieces.some((piece) => peer.offers(piece))) continue;
    recallLaterWork(state, peer, urgent.firstDueMs + LATER_BY_MS);
  }
  state.order.rewind();
}

function recallLaterWork(state: DownloadState, peer: PeerQueue, dueMs: number): void {
  const queued = [...peer.inFlight.keys()].slice(peer.blocksUnderWay);
  for (const key of queued.reverse()) {
    const pieceDueMs = state.order.dueMs(state.grid.pieceOf(key)) ?? Number.POSITIVE_INFINITY;
    if (pieceDueMs > dueMs) recallBlock(state, peer, key);
  }
}
