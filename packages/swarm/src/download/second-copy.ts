import type { PieceAssembly } from "./piece-assembly.ts";
import { type BadCopy, blockOfCopy, isSame } from "./trial.ts";

/** Groups of suspects that are tried without fetching anything: each costs one SHA-1 of the piece. */
const MAX_HYPOTHESES = 8;
/** Liars looked for together: the search tries at most two to this power of groups. Larger gangs are left to witnesses. */
const MAX_LIARS = 4;

/** Two hosts sent different bytes for this many blocks: for each of them one of the two lied, or both. */
interface Dispute {
  readonly hosts: readonly [string, string];
  blocks: number;
}

/** Hosts that would explain, by having lied, everything in which the copies of a piece differ. */
export type Suspects = ReadonlySet<string>;

/**
 * Complete bad copies, each block from another host in each of them: who may have lied. In every dispute is a liar, so
 * that the liars are a set that meets all disputes (a vertex cover); the smallest sets come first, and of those the ones
 * with most disputes. Empty if the copies are the same: whoever lied, others told the same lie.
 */
export function suspectGroups(piece: PieceAssembly, copies: readonly BadCopy[]): Suspects[] {
  const disputes = findDisputes(piece, copies);
  if (disputes.length === 0) return [];
  const groups = new Map<string, Suspects>();
  const search = (chosen: readonly string[]): void => {
    const open = disputes.find(({ hosts }) => !hosts.some((host) => chosen.includes(host)));
    if (open === undefined) groups.set(nameOfGroup(chosen), new Set(chosen));
    else if (chosen.length < MAX_LIARS) for (const host of open.hosts) search([...chosen, host]);
  };
  search([]);
  const weight = (group: Suspects): number =>
    disputes.reduce((sum, { hosts, blocks }) => sum + blocks * hosts.filter((host) => group.has(host)).length, 0);
  return [...groups.values()].sort((a, b) => a.size - b.size || weight(b) - weight(a));
}

/**
 * Puts the piece together from the copies, without the versions of one group after the other. True if a group was right:
 * `piece` then has the right bytes. Groups that leave a block without a version are passed over, as those in `tried`.
 */
export function composeWithoutLiars(
  piece: PieceAssembly,
  { copies, groups, tried }: { copies: readonly BadCopy[]; groups: readonly Suspects[]; tried: Set<string> },
  isRight: () => boolean,
): boolean {
  let hypotheses = 0;
  for (const suspects of groups) {
    const name = nameOfGroup(suspects);
    if (tried.has(name) || missingBlocks(piece, copies, suspects).length > 0) continue;
    if (hypotheses === MAX_HYPOTHESES) return false;
    hypotheses += 1;
    tried.add(name);
    putTogether(piece, copies, suspects);
    if (isRight()) return true;
  }
  return false;
}

/** Fills the piece with what others than the suspects sent, newest copy first; blocks that only they sent are free. */
export function putTogether(piece: PieceAssembly, copies: readonly BadCopy[], suspects: Suspects): void {
  piece.discard(() => true);
  for (let block = 0; block < piece.blockCount; block++) {
    const copy = copies.findLast((candidate) => isTrusted(candidate, block, suspects));
    const source = copy?.sources[block];
    if (copy === undefined || source === undefined) continue;
    piece.blockBytes(block).set(blockOfCopy(copy, piece, block));
    piece.arrive(block, source);
  }
}

/** Blocks that nobody but the suspects has sent. */
export function missingBlocks(piece: PieceAssembly, copies: readonly BadCopy[], suspects: Suspects): number[] {
  const missing: number[] = [];
  for (let block = 0; block < piece.blockCount; block++) {
    if (!copies.some((copy) => isTrusted(copy, block, suspects))) missing.push(block);
  }
  return missing;
}

/** One spelling for each group. */
export function nameOfGroup(hosts: Iterable<string>): string {
  return [...hosts].sort().join(" ");
}

function isTrusted(copy: BadCopy, block: number, suspects: Suspects): boolean {
  const source = copy.sources[block];
  return source !== undefined && !suspects.has(source.host);
}

/** Most blocks first. */
function findDisputes(piece: PieceAssembly, copies: readonly BadCopy[]): Dispute[] {
  const disputes = new Map<string, Dispute>();
  for (const [index, first] of copies.entries()) {
    for (const second of copies.slice(index + 1)) {
      for (let block = 0; block < piece.blockCount; block++) {
        const [one, other] = [first.sources[block]?.host, second.sources[block]?.host];
        if (one === undefined || other === undefined || one === other) continue;
        if (isSame(blockOfCopy(first, piece, block), blockOfCopy(second, piece, block))) continue;
        const name = nameOfGroup([one, other]);
        const dispute = disputes.get(name) ?? { hosts: [one, other], blocks: 0 };
        dispute.blocks += 1;
        disputes.set(name, dispute);
      }
    }
  }
  return [...disputes.values()].sort((a, b) => b.blocks - a.blocks);
}
