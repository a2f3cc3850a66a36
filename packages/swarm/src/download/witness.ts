import { judgeIfComplete, recallPiece, restoreBlocks } from "./block-requests.ts";
import type { DownloadState } from "./download-state.ts";
import type { PeerQueue } from "./peer-queue.ts";
import type { PieceAssembly } from "./piece-assembly.ts";
import type { Source } from "./source.ts";
import { type Investigation, mayStore, type SingleTrial } from "./trial.ts";

/** A witness that nobody has measured yet is taken to need this much for each block. */
const UNKNOWN_MS_PER_BLOCK = 250;
/** A witness is given up for one that would be done so many times sooner: what it has sent is lost then. */
const SLOW_WITNESS_FACTOR = 3;
/** What is done so soon is waited for. */
const PATIENCE_MS = 1000;
/** Who sent more good pieces than bad ones may take this much longer: a lie costs all the time again. */
const TRUSTED_TIME_SHARE = 0.5;

/** From now on the whole piece comes from one peer; the blocks it sent already are kept. */
export function callWitness(state: DownloadState, assembly: PieceAssembly, investigation: Investigation): void {
  assembly.investigation = investigation;
  investigation.trial = { kind: "single", witness: undefined, failedWitnesses: new Set() };
  replaceWitness(state, assembly);
}

/** Sees to it on every tick that each piece under investigation can be finished by somebody, and soon. */
export function keepTrialsGoing(state: DownloadState): void {
  for (const assembly of state.pieces.values()) {
    const { investigation } = assembly;
    if (investigation === undefined || assembly.phase !== "filling") continue;
    const { trial } = investigation;
    if (trial.kind === "copies") {
      if (readyPeersWith(state, assembly.piece).length === 0) continue;
      if (!canBeFetched(state, assembly, { investigation })) callWitness(state, assembly, investigation);
    } else if (isWitnessTooSlow(state, assembly, trial)) {
      replaceWitness(state, assembly);
    }
  }
}

/**
 * Whether each of the blocks (default: the free ones) can be had, as the trial demands it, from a peer that is ready.
 * With few peers left, what they sent for the bad copies could never be had from another one.
 */
export function canBeFetched(
  state: DownloadState,
  assembly: PieceAssembly,
  { investigation, blocks }: { investigation: Investigation; blocks?: readonly number[] | undefined },
): boolean {
  const peers = readyPeersWith(state, assembly.piece);
  const isFetchable = (block: number): boolean => peers.some((peer) => mayStore(investigation, block, peer.source));
  if (blocks !== undefined) return blocks.every(isFetchable);
  for (let block = 0; block < assembly.blockCount; block++) {
    if (assembly.isFree(block) && !isFetchable(block)) return false;
  }
  return true;
}

/** Suspects are kept apart as long as a wanted piece is under investigation: an unwanted one may never be finished. */
export function keepSuspectsApart(state: DownloadState): void {
  let isInvestigating = false;
  for (const assembly of state.pieces.values()) {
    if (assembly.investigation !== undefined && state.order.isWanted(assembly.piece)) isInvestigating = true;
  }
  if (isInvestigating !== state.areSuspectsApart) state.order.rewind();
  state.areSuspectsApart = isInvestigating;
}

function readyPeersWith(state: DownloadState, piece: number): PeerQueue[] {
  return [...state.peers.values()].filter((peer) => peer.isReady && peer.offers(piece));
}

function replaceWitness(state: DownloadState, assembly: PieceAssembly): void {
  const trial = assembly.investigation?.trial;
  if (trial?.kind !== "single") return;
  if (trial.witness !== undefined) trial.failedWitnesses.add(trial.witness);
  let candidates = readyPeersWith(state, assembly.piece);
  if (candidates.every((peer) => trial.failedWitnesses.has(peer.source))) trial.failedWitnesses.clear();
  candidates = candidates.filter((peer) => !trial.failedWitnesses.has(peer.source));
  const witness = soonestWitness(candidates, assembly)?.peer.source;
  trial.witness = witness;
  if (witness === undefined) return;
  recallPiece(state, assembly.piece, witness);
  state.counters.wastedBytes += assembly.discard((source) => source !== witness);
  restoreBlocks(state, assembly, (source) => source === witness);
  judgeIfComplete(state, assembly);
  state.order.rewind();
}

/** It is gone, or somebody else would send all of the piece much sooner than it sends the rest. */
function isWitnessTooSlow(state: DownloadState, assembly: PieceAssembly, trial: SingleTrial): boolean {
  const { witness, failedWitnesses } = trial;
  const peer = witness === undefined ? undefined : state.peers.get(witness.peer);
  if (peer?.isReady !== true) return true;
  const leftMs = witnessTimeMs(peer, assembly);
  if (leftMs < PATIENCE_MS) return false;
  const others = readyPeersWith(state, assembly.piece).filter(
    ({ source }) => source !== witness && !failedWitnesses.has(source),
  );
  const soonest = soonestWitness(others, assembly);
  return soonest !== undefined && soonest.timeMs * SLOW_WITNESS_FACTOR < leftMs;
}

/** Who would be done first with what it has not sent yet. */
function soonestWitness(
  candidates: readonly PeerQueue[],
  assembly: PieceAssembly,
): { peer: PeerQueue; timeMs: number } | undefined {
  return candidates
    .map((peer) => ({ peer, timeMs: witnessTimeMs(peer, assembly) }))
    .sort((a, b) => a.timeMs - b.timeMs || b.peer.source.goodPieces - a.peer.source.goodPieces)[0];
}

/** How long it takes to send what it has not sent yet; less counts for whom there is reason to trust. */
function witnessTimeMs(peer: PeerQueue, assembly: PieceAssembly): number {
  const blocks = assembly.blockCount - blocksFrom(peer.source, assembly);
  const isTrusted = peer.source.goodPieces > peer.source.badPieces;
  return (blocks / blocksPerMs(peer)) * (isTrusted ? TRUSTED_TIME_SHARE : 1);
}

/**
 * Whether one more copy, every block from another host than before, is worth it, or one witness is sooner done. What a fast
 * peer sent must come from all the others together, which may be much slower; one of `sources` may be a liar, whose whole
 * time is then lost.
 */
export function isCopySooner(state: DownloadState, assembly: PieceAssembly, sources: number): boolean {
  const peers = readyPeersWith(state, assembly.piece);
  const witnessMs = (soonestWitness(peers, assembly)?.timeMs ?? Number.POSITIVE_INFINITY) * (1 + 1 / sources);
  const rate = peers.reduce((sum, peer) => sum + blocksPerMs(peer), 0);
  let copyMs = assembly.blockCount / rate;
  for (const peer of peers) copyMs = Math.max(copyMs, blocksFrom(peer.source, assembly) / (rate - blocksPerMs(peer)));
  return copyMs < witnessMs;
}

function blocksPerMs(peer: PeerQueue): number {
  return 1 / (peer.averageMsPerBlock || UNKNOWN_MS_PER_BLOCK);
}

function blocksFrom(source: Source, assembly: PieceAssembly): number {
  const copies = assembly.investigation?.badCopies ?? [];
  let count = 0;
  for (let block = 0; block < assembly.blockCount; block++) {
    const isThere = assembly.sources[block] === source || copies.some((copy) => copy.sources[block] === source);
    if (isThere) count += 1;
  }
  return count;
}
