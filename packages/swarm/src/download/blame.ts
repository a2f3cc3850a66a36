import { judgeIfComplete, makeRoom, releaseAllBlocks, restoreBlocks } from "./block-requests.ts";
import type { DownloadState } from "./download-state.ts";
import type { PieceAssembly } from "./piece-assembly.ts";
import {
  composeWithoutLiars,
  missingBlocks,
  nameOfGroup,
  putTogether,
  type Suspects,
  suspectGroups,
} from "./second-copy.ts";
import { type Source, UNKNOWN_SOURCE } from "./source.ts";
import { differingBlocks, type Investigation } from "./trial.ts";
import { callWitness, canBeFetched, isCopySooner } from "./witness.ts";

/** Hosts remembered as liars; the oldest are forgotten, so that a host with endless addresses cannot fill memory. */
const MAX_BANNED_HOSTS = 4096;
/** Bad copies kept of one piece: three versions of a block outvote a liar and another who repeats the lie. */
const MAX_BAD_COPIES = 3;
/** Where memory is for a few pieces only, copies must not take all of it. */
const MAX_BAD_COPIES_OF_HUGE_PIECES = 2;
const MANY_BUFFERS = 8;
const NOBODY: Suspects = new Set();

/** Checks the pieces whose last block has come; `verify` says whether the bytes are those of the piece. */
export function judgeComplete(state: DownloadState, verify: (piece: number, bytes: Uint8Array) => boolean): void {
  for (const assembly of state.complete) {
    state.complete.delete(assembly);
    // A ban may have taken blocks away again.
    if (!assembly.isComplete) continue;
    judge(state, assembly, () => assembly.arrivedRight() ?? verify(assembly.piece, assembly.bytes()));
  }
}

/**
 * Checks a piece whose blocks are all there. If its hash is wrong, somebody lied, and this finds out who:
 * - one source: that one;
 * - two: one of them is asked for the whole piece, and its hash speaks for or against it;
 * - three or more: a second copy is fetched, every block from another host than before. Of two versions of a block that
 *   differ, one is a lie: the piece is put together without each group of hosts that could have told them all. What only
 *   such a group sent, since liars repeat each other's lies, is fetched once more from others.
 * The second copy costs one piece at the rate of the whole swarm, where one thin peer might need minutes. Nobody is banned
 * on suspicion: only who sent a block that differs from the piece once its hash is right, or all of a piece that is wrong.
 */
function judge(state: DownloadState, assembly: PieceAssembly, isRight: () => boolean): void {
  if (isRight()) {
    settle(state, assembly);
    return;
  }
  state.counters.hashFailures += 1;
  state.outbox.failed(assembly.piece);
  investigate(state, assembly, isRight);
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

function investigate(state: DownloadState, assembly: PieceAssembly, isRight: () => boolean): void {
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
  const sources = others.length + 1;
  const investigation = assembly.investigation ?? newInvestigation();
  const { badCopies, tried } = investigation;
  const copy = badCopies.length < maxBadCopies(state) ? keepCopy(state, assembly) : undefined;
  if (copy !== undefined) badCopies.push(copy);
  const groups = suspectGroups(assembly, badCopies);
  assembly.investigation = investigation;
  if (copy !== undefined && composeWithoutLiars(assembly, { copies: badCopies, groups, tried }, isRight)) {
    settle(state, assembly);
    return;
  }
  const mayCompare = copy !== undefined && (badCopies.length > 1 || isCopySooner(state, assembly, sources));
  const suspects = mayCompare ? nextSuspects(state, assembly, { investigation, groups }) : undefined;
  if (suspects === undefined) callWitness(state, assembly, investigation);
  else fetchWithout(state, assembly, { investigation, suspects });
}

function newInvestigation(): Investigation {
  return {
    badCopies: [],
    tried: new Set(),
    trial: { kind: "single", witness: undefined, failedWitnesses: new Set() },
  };
}

function maxBadCopies({ pieces }: DownloadState): number {
  return pieces.capacity < MANY_BUFFERS ? MAX_BAD_COPIES_OF_HUGE_PIECES : MAX_BAD_COPIES;
}

/** Whose versions to fetch again from others: nobody's = all blocks once more. Undefined if that is of no use. */
function nextSuspects(
  state: DownloadState,
  assembly: PieceAssembly,
  { investigation, groups }: { investigation: Investigation; groups: readonly Suspects[] },
): Suspects | undefined {
  const { badCopies, tried } = investigation;
  if (groups.length === 0) return NOBODY;
  return groups.find((suspects) => {
    if (tried.has(nameOfGroup(suspects))) return false;
    const blocks = missingBlocks(assembly, badCopies, suspects);
    const trial = { kind: "copies" as const, suspects };
    return canBeFetched(state, assembly, { investigation: { ...investigation, trial }, blocks });
  });
}

/** Keeps what others than the suspects sent; the rest is fetched again, from hosts that have not sent it yet. */
function fetchWithout(
  state: DownloadState,
  assembly: PieceAssembly,
  { investigation, suspects }: { investigation: Investigation; suspects: Suspects },
): void {
  investigation.tried.add(nameOfGroup(suspects));
  investigation.trial = { kind: "copies", suspects };
  putTogether(assembly, suspects === NOBODY ? [] : investigation.badCopies, suspects);
  for (let block = 0; block < assembly.blockCount; block++) {
    if (!assembly.hasArrived(block)) state.counters.wastedBytes += assembly.blockBytes(block).length;
  }
  judgeIfComplete(state, assembly);
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
  restoreBlocks(state, assembly, (source) => !state.bannedHosts.has(source.host));
  state.pieces.dropCopies(assembly);
}
