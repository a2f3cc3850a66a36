import type { DownloadState } from "./download-state.ts";

/** Free blocks that are due within this time are urgent enough to take work back for. */
export const URGENT_WITHIN_MS = 1000;
/** Pieces due this soon after the first urgent one count as urgent with it. */
const URGENT_SPREAD_MS = 500;

/** Blocks that are due now and that nobody has been asked for. */
export interface UrgentBlocks {
  readonly pieces: readonly number[];
  readonly blocks: number;
  /** Deadline of the earliest piece that has free blocks. */
  readonly firstDueMs: number;
}

export function urgentFreeBlocks(state: DownloadState, nowMs: number): UrgentBlocks {
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
