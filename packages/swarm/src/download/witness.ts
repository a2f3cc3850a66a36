import type { DownloadState } from "./download-state.ts";
import type { PeerQueue } from "./peer-queue.ts";
import type { PieceAssembly } from "./piece-assembly.ts";
import type { Source } from "./source.ts";
import type { Investigation } from "./trial.ts";

/** From now on the whole piece comes from one peer; the blocks it sent already are kept. */
export function callWitness(state: DownloadState, assembly: PieceAssembly, investigation: Investigation): void {
  assembly.investigation = investigation;
  investigation.trial = { kind: "single", witness: undefined, failedWitnesses: new Set() };
  replaceWitness(state, assembly);
}

/** Sees to it on every tick that each piece under investigation can be finished by somebody. */
export function keepTrialsGoing(state: DownloadState): void {
  for (const assembly of state.pieces.values()) {
    const { investigation } = assembly;
    if (investigation === undefined || assembly.phase !== "filling") continue;
    const { trial } = investigation;
    if (trial.kind === "second-copy") {
      // With one peer left, the blocks it sent for the first copy could never be had from another one.
      if (readyPeersWith(state, assembly.piece).length === 1) callWitness(state, assembly, investigation);
    } else if (trial.witness === undefined || state.peers.get(trial.witness.peer)?.isReady !== true) {
      replaceWitness(state, assembly);
    }
  }
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

export function readyPeersWith(state: DownloadState, piece: number): PeerQueue[] {
  return [...state.peers.values()].filter((peer) => peer.isReady && peer.has(piece));
}

function replaceWitness(state: DownloadState, assembly: PieceAssembly): void {
  const trial = assembly.investigation?.trial;
  if (trial?.kind !== "single") return;
  if (trial.witness !== undefined) trial.failedWitnesses.add(trial.witness);
  let candidates = readyPeersWith(state, assembly.piece);
  if (candidates.every((peer) => trial.failedWitnesses.has(peer.source))) trial.failedWitnesses.clear();
  candidates = candidates.filter((peer) => !trial.failedWitnesses.has(peer.source));
  const witness = mostCredible(candidates, assembly.contributors);
  trial.witness = witness;
  if (witness === undefined) return;
  state.counters.wastedBytes += assembly.discard((source) => source !== witness);
  state.order.rewind();
}

/** Who sent part of the piece saves bytes; then a good record counts, then speed. */
function mostCredible(candidates: readonly PeerQueue[], contributors: readonly Source[]): Source | undefined {
  const rank = (peer: PeerQueue) => [
    contributors.includes(peer.source) ? 0 : 1,
    -peer.source.goodPieces,
    peer.source.badPieces,
    peer.averageMsPerBlock,
  ];
  return [...candidates].sort((a, b) => compareRanks(rank(a), rank(b)))[0]?.source;
}

function compareRanks(left: readonly number[], right: readonly number[]): number {
  for (const [index, value] of left.entries()) {
    const difference = value - (right[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
