import type { PieceAssembly } from "./piece-assembly.ts";
import { type Source, UNKNOWN_SOURCE } from "./source.ts";
import { type BadCopy, differingBlocks } from "./trial.ts";

/** Suspects tried as the one liar between two copies: each costs one SHA-1 of the piece. */
const MAX_HYPOTHESES = 8;

/** A block that differs between the two copies, and who sent which version. One of them lied, or both did. */
interface Dispute {
  readonly block: number;
  readonly first: Source;
  readonly second: Source;
}

/**
 * Two complete bad copies, every block from two different sources: tries for one suspect after the other (most disputes
 * first) the piece without its versions. True if one of them has the right hash: `assembly` then is the piece, and
 * `first` holds what was wrong. Otherwise versions may have been exchanged between the two, with their sources.
 */
export function composeWithoutLiar(assembly: PieceAssembly, first: BadCopy, isRight: () => boolean): boolean {
  const disputes = findDisputes(assembly, first);
  for (const suspect of suspectsByDisputes(disputes).slice(0, MAX_HYPOTHESES)) {
    for (const { block, first: firstSource, second } of disputes) {
      const trusted = firstSource === suspect ? second : firstSource;
      if (assembly.sources[block] !== trusted) assembly.swapBlock(block, first);
    }
    if (isRight()) return true;
  }
  return false;
}

function findDisputes(assembly: PieceAssembly, copy: BadCopy): Dispute[] {
  const disputes: Dispute[] = [];
  for (const block of differingBlocks(assembly, copy)) {
    const first = copy.sources[block];
    const second = assembly.sources[block];
    if (first !== undefined && second !== undefined) disputes.push({ block, first, second });
  }
  return disputes;
}

function suspectsByDisputes(disputes: readonly Dispute[]): Source[] {
  const counts = new Map<Source, number>();
  for (const { first, second } of disputes) {
    for (const source of [first, second]) counts.set(source, (counts.get(source) ?? 0) + 1);
  }
  counts.delete(UNKNOWN_SOURCE);
  return [...counts].sort(([, a], [, b]) => b - a).map(([source]) => source);
}
