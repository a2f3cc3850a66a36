import type { DownloadState } from "./download-state.ts";
import type { PeerQueue } from "./peer-queue.ts";
import { urgentFreeBlocks } from "./urgent-blocks.ts";

/** Halvings of the time that is looked for: from a quarter of an hour down to a millisecond. */
const BISECTIONS = 20;
/** By then the slowest peer that is believed has sent all of the largest piece. */
const LONGEST_MS = 15 * 60_000;

/**
 * Shares out the free blocks that are due now, so that all who take part are done at the same time: in the shortest time in which they can
 * send them, each at its own pace. Otherwise the fastest few would fill their queues with them, and a viewer wait for half a second's work
 * of each while others are idle. Who takes no part is bound by its queue alone. Call it before work is given out.
 */
export function spread(state: DownloadState, ready: readonly PeerQueue[], nowMs: number): void {
  for (const peer of ready) peer.urgentDepth = Number.POSITIVE_INFINITY;
  const { pieces, blocks } = urgentFreeBlocks(state, nowMs);
  if (blocks === 0) return;
  const sharers = sharersOf(
    state,
    ready.filter((peer) => pieces.some((piece) => peer.has(piece))),
    blocks,
  );
  if (sharers.length < 2) return;
  const timeMs = shortestTimeMs(sharers, blocks, nowMs);
  for (const peer of sharers) peer.urgentDepth = Math.max(1, blocksWithin(timeMs, peer, nowMs));
}

/**
 * Those who have sent what was right: where many have sent a piece that is wrong, it takes long to find out who lied. At the start, before
 * anybody has lied, all who have it, if the blocks would not reach for the queues of all.
 */
function sharersOf({ counters }: DownloadState, havers: readonly PeerQueue[], blocks: number): readonly PeerQueue[] {
  const trusted = havers.filter(isTrusted);
  const isStart = trusted.length === 0 && counters.hashFailures === 0;
  return isStart && roomOf(havers) > blocks ? havers : trusted;
}

function isTrusted({ isProven, source }: PeerQueue): boolean {
  return isProven && source.goodPieces > 0 && !source.isSuspect;
}

/** How many more requests their queues hold. */
function roomOf(peers: readonly PeerQueue[]): number {
  return peers.reduce((sum, peer) => sum + Math.max(0, peer.depth() - peer.inFlight.size), 0);
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
  return Math.floor(timeMs / peer.msPerBlock(nowMs));
}
