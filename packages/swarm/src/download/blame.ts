import { acceptBlock, makeRoom, releaseAllBlocks } from "./block-requests.ts";
import type { DownloadState } from "./download-state.ts";
import type { PieceAssembly } from "./piece-assembly.ts";
import { composeWithoutLiar } from "./second-copy.ts";
import { type Source, UNKNOWN_SOURCE } from "./source.ts";
import { blockOfCopy, differingBlocks, type Investigation } from "./trial.ts";
import { callWitness, readyPeersWith } from "./witness.ts";

/** Hosts remembered as liars; the oldest are forgotten, so that a host with endless addresses cannot fill memory. */
const MAX_BANNED_HOSTS = 4096;
/** With fewer sources than this, one of them is asked for the whole piece: that costs less than a second copy. */
const MIN_SOURCES_FOR_SECOND_COPY = 3;
/** Bad copies kept of one piece, to see afterwards who sent what was wrong. */
const MAX_BAD_COPIES = 2;

/**
 * Checks a piece whose blocks are all there. If its hash is wrong, somebody lied, and this finds out who:
 * - one source: that one;
 * - two: one of them is asked for the whole piece, and its hash speaks for or against it;
 * - three or more: a second copy is fetched, every block from another peer than before. The blocks that differ share
 *   the liar: the piece is put together without each suspect in turn.
 * The second copy costs one piece at the rate of the whole swarm, where one thin peer might need minutes.
 */
export function judge(state: DownloadState, assembly: PieceAssembly, isRight: () => boolean): void {
  if (isRight()) {
    settle(state, assembly);
    return;
  }
  state.counters.hashFailures += 1;
  state.outbox.failed(assembly.piece);
  const trial = assembly.investigation?.trial;
  if (trial?.kind === "second-copy" && composeWithoutLiar(assembly, trial.first, isRight)) settle(state, assembly);
  else investigate(state, assembly);
}

/** Everything of this host is refused from now on, and what it sent is thrown away; those it made suspect are cleared. */
function banSource(state: DownloadState, liar: Source, reason: string): void {
  if (!state.bannedHosts.has(liar.host)) {
    state.bannedHosts.add(liar.host);
    for (const oldest of state.bannedHosts) {
      if (state.bannedHosts.size <= MAX_BANNED_HOSTS) break;
      state.bannedHosts.delete(oldest);
    }
    state.counters.bans += 1;
    state.outbox.ban(liar.peer, liar.host, reason);
  }
  for (const peer of state.peers.values()) {
    peer.source.isSuspect = false;
    if (peer.source.host !== liar.host) continue;
    releaseAllBlocks(state, peer);
    peer.isBanned = true;
  }
  for (const assembly of state.pieces.values()) {
    if (assembly.phase === "filling") dropBlocksOf(state, assembly, liar.host);
  }
  state.order.rewind();
}

/** The hash is right: whoever sent a block that differs from it in a bad copy lied. */
function settle(state: DownloadState, assembly: PieceAssembly): void {
  const liars = new Set<Source>();
  for (const copy of assembly.investigation?.badCopies ?? []) {
    for (const block of differingBlocks(assembly, copy)) {
      const source = copy.sources[block];
      if (source !== undefined && source !== UNKNOWN_SOURCE) liars.add(source);
    }
  }
  for (const source of assembly.contributors) if (source !== UNKNOWN_SOURCE) source.notePiece(true);
  state.pieces.dropCopies(assembly);
  assembly.phase = "storing";
  state.outbox.verified(assembly.piece, assembly.bytes());
  for (const liar of liars) banSource(state, liar, `It sent a wrong block of piece ${assembly.piece}`);
}

function investigate(state: DownloadState, assembly: PieceAssembly): void {
  // Blocks kept from an earlier run are doubted first: nobody is blamed for them, and only they are fetched again.
  const unknownBytes = assembly.discard((source) => source === UNKNOWN_SOURCE);
  state.counters.wastedBytes += unknownBytes;
  state.order.rewind();
  if (unknownBytes > 0) return;
  const [sole, ...others] = assembly.contributors;
  for (const source of assembly.contributors) source.notePiece(false);
  if (sole !== undefined && others.length === 0) {
    banSource(state, sole, `It alone sent all of piece ${assembly.piece}, and its hash is wrong`);
    return;
  }
  const investigation = assembly.investigation ?? newInvestigation();
  const isNew = assembly.investigation === undefined;
  const copy = investigation.badCopies.length < MAX_BAD_COPIES ? keepCopy(state, assembly) : undefined;
  if (copy !== undefined) investigation.badCopies.push(copy);
  const hasManySources = others.length + 1 >= MIN_SOURCES_FOR_SECOND_COPY;
  if (isNew && hasManySources && copy !== undefined && readyPeersWith(state, assembly.piece).length > 1) {
    investigation.trial = { kind: "second-copy", first: copy };
    assembly.investigation = investigation;
    state.counters.wastedBytes += assembly.discard(() => true);
  } else {
    callWitness(state, assembly, investigation);
  }
}

function newInvestigation(): Investigation {
  return { badCopies: [], trial: { kind: "single", witness: undefined, failedWitnesses: new Set() } };
}

/** A copy to compare with, if there is memory for it that no piece as urgent needs. */
function keepCopy(state: DownloadState, assembly: PieceAssembly) {
  const dueMs = state.order.dueMs(assembly.piece) ?? Number.POSITIVE_INFINITY;
  return makeRoom(state, dueMs) ? state.pieces.copy(assembly) : undefined;
}

/** The liar is known: its blocks go, and what others sent for the bad copies is good again. */
function dropBlocksOf(state: DownloadState, assembly: PieceAssembly, host: string): void {
  state.counters.wastedBytes += assembly.discard((source) => source.host === host);
  const { investigation } = assembly;
  if (investigation === undefined) return;
  const { badCopies, trial } = investigation;
  const isLiarFound =
    (trial.kind === "single" && trial.witness?.host === host) ||
    badCopies.some((copy) => copy.sources.some((source) => source?.host === host));
  if (!isLiarFound) return;
  for (const copy of badCopies) {
    for (const [block, source] of copy.sources.entries()) {
      if (source === undefined || state.bannedHosts.has(source.host) || assembly.hasArrived(block)) continue;
      const bytes = blockOfCopy(copy, assembly, block);
      assembly.blockBytes(block).set(bytes);
      acceptBlock(state, assembly, { block, source });
      state.counters.wastedBytes -= bytes.length;
    }
  }
  state.pieces.dropCopies(assembly);
}
