import { recallBlock, requestBlock } from "./block-requests.ts";
import type { DownloadState } from "./download-state.ts";
import { fill } from "./fill.ts";
import type { PeerQueue } from "./peer-queue.ts";
import type { PieceAssembly } from "./piece-assembly.ts";
import { isSureOf } from "./probe.ts";
import type { Source } from "./source.ts";
import { mayStore } from "./trial.ts";

/** Pieces due later than this can wait for their slow blocks. */
const URGENT_WITHIN_MS = 5000;
/** How many urgent pieces are looked at: more would double work that has time. */
const MAX_URGENT_PIECES = 3;
/** Copies are asked only of the fastest peers. */
const MAX_HELPERS = 4;
/** A copy is worth its bytes if it comes this much sooner than the original. */
const HELPER_MARGIN = 1.5;
const HELPER_MARGIN_MS = 50;
/** To make way for a copy, the helper gives up requests due this much later. */
const LATER_BY_MS = 500;

/** A block that somebody owes us, and when it is expected. */
interface LateBlock {
  readonly owner: PeerQueue;
  readonly assembly: PieceAssembly;
  readonly block: number;
  readonly expectedMs: number;
}

/**
 * Every block of the most urgent pieces has been asked for: those that are expected last are asked of a faster peer as
 * well, whose later work is taken back first (the copy must not queue behind it).
 */
export function endgame(state: DownloadState, nowMs: number): void {
  const urgent = urgentPieces(state, nowMs);
  if (urgent.size === 0 || state.ranked.length < 2 || state.isPaused) return;
  const helpers = state.ranked
    .filter((peer) => peer.isReady && peer.isProven)
    .sort((a, b) => a.msPerBlock(nowMs) - b.msPerBlock(nowMs))
    .slice(0, MAX_HELPERS);
  const urgentWork = new Map(helpers.map((peer) => [peer, countRequests(state, peer, urgent)]));
  const relieved = new Set<PeerQueue>();
  for (const late of lateBlocks(state, urgent, nowMs)) {
    // Those that follow are expected sooner yet.
    if (!isWorthIt(soonestMs(urgentWork, nowMs), late)) break;
    const helper = soonestHelper(state, urgentWork, late, nowMs);
    if (helper === undefined) continue;
    if (!state.allowance.mayAsk(state.order.dueMs(late.assembly.piece) ?? nowMs, nowMs)) break;
    if (recallLaterWork(state, helper, { urgent, piece: late.assembly.piece })) relieved.add(helper);
    requestBlock(state, helper, { assembly: late.assembly, block: late.block, nowMs });
    urgentWork.set(helper, (urgentWork.get(helper) ?? 0) + 1);
    state.counters.duplicateRequests += 1;
  }
  for (const helper of relieved) fill(state, helper, nowMs);
}

/** The first few pieces that are due soon and wait for nothing but their last blocks. */
function urgentPieces(state: DownloadState, nowMs: number): Set<number> {
  const urgent = new Set<number>();
  for (const piece of state.order.earliestFirst()) {
    const dueMs = state.order.dueMs(piece);
    if (dueMs === undefined) continue;
    if (dueMs - nowMs > URGENT_WITHIN_MS || urgent.size === MAX_URGENT_PIECES) break;
    const assembly = state.pieces.get(piece);
    if (assembly === undefined || assembly.isComplete) continue;
    if (assembly.freeBlocks > 0) break;
    urgent.add(piece);
  }
  return urgent;
}

/** Blocks of the urgent pieces that exactly one answering peer owes, those expected last first. */
function lateBlocks(state: DownloadState, urgent: ReadonlySet<number>, nowMs: number): LateBlock[] {
  const late: LateBlock[] = [];
  for (const owner of state.peers.values()) {
    if (owner.isSilent) continue;
    const msPerBlock = owner.msPerBlock(nowMs);
    const quietMs = owner.quietMs(nowMs);
    const isOverdue = quietMs > 2 * owner.averageMsPerBlock;
    let position = 0;
    for (const key of owner.inFlight.keys()) {
      position += 1;
      const piece = state.grid.pieceOf(key);
      const assembly = urgent.has(piece) ? state.pieces.get(piece) : undefined;
      if (assembly === undefined || owner.probes.has(key)) continue;
      const block = state.grid.blockOf(key);
      if (assembly.owedLive(block) !== 1) continue;
      const expectedMs = position * msPerBlock - (isOverdue ? 0 : quietMs);
      late.push({ owner, assembly, block, expectedMs });
    }
  }
  return late.sort(byLatest);
}

function byLatest(a: LateBlock, b: LateBlock): number {
  return b.expectedMs - a.expectedMs;
}

/** How many blocks of these pieces the peer owes. */
function countRequests(state: DownloadState, peer: PeerQueue, pieces: ReadonlySet<number>): number {
  let count = 0;
  for (const key of peer.inFlight.keys()) if (pieces.has(state.grid.pieceOf(key))) count += 1;
  return count;
}

/** When the helper that is done first would have one more block. */
function soonestMs(urgentWork: ReadonlyMap<PeerQueue, number>, nowMs: number): number {
  let soonest = Number.POSITIVE_INFINITY;
  for (const [helper, blocksBefore] of urgentWork) {
    soonest = Math.min(soonest, (blocksBefore + 1) * helper.msPerBlock(nowMs));
  }
  return soonest;
}

function isWorthIt(helperMs: number, late: LateBlock): boolean {
  return helperMs * HELPER_MARGIN + HELPER_MARGIN_MS <= late.expectedMs;
}

/** The helper that would have the block first behind its other urgent work, if that is clearly sooner than the owner. */
function soonestHelper(
  state: DownloadState,
  urgentWork: ReadonlyMap<PeerQueue, number>,
  late: LateBlock,
  nowMs: number,
): PeerQueue | undefined {
  let soonest: PeerQueue | undefined;
  let helperMs = Number.POSITIVE_INFINITY;
  for (const [helper, blocksBefore] of urgentWork) {
    const { piece } = late.assembly;
    if (helper === late.owner || !isSureOf(state, helper, piece) || !maySend(state, helper.source, late)) continue;
    const expectedMs = (blocksBefore + 1) * helper.msPerBlock(nowMs);
    if (expectedMs < helperMs) {
      soonest = helper;
      helperMs = expectedMs;
    }
  }
  return isWorthIt(helperMs, late) ? soonest : undefined;
}

/** While somebody is looked for who lied, suspects keep out of pieces that are begun, and a copy comes from others. */
function maySend(state: DownloadState, source: Source, { assembly, block }: LateBlock): boolean {
  const { investigation } = assembly;
  if (investigation !== undefined) return mayStore(investigation, block, source);
  return !(state.areSuspectsApart && source.isSuspect);
}

/** Takes back what the helper owes of pieces due clearly later, and has not sent by then. True if that was anything. */
function recallLaterWork(
  state: DownloadState,
  helper: PeerQueue,
  { urgent, piece }: { urgent: ReadonlySet<number>; piece: number },
): boolean {
  const limitMs = (state.order.dueMs(piece) ?? 0) + LATER_BY_MS;
  let hasRecalled = false;
  for (const key of [...helper.inFlight.keys()].slice(helper.blocksUnderWay)) {
    const other = state.grid.pieceOf(key);
    if (urgent.has(other) || (state.order.dueMs(other) ?? Number.POSITIVE_INFINITY) <= limitMs) continue;
    recallBlock(state, helper, key);
    hasRecalled = true;
  }
  return hasRecalled;
}
