import { BLOCK_LENGTH_BYTES } from "../types.ts";
import type { PieceAssembly } from "./piece-assembly.ts";
import type { Source } from "./source.ts";

/** A complete copy of a piece whose hash was wrong. */
export interface BadCopy {
  /** A pooled buffer: the piece's bytes at its start. */
  readonly buffer: Uint8Array;
  readonly sources: (Source | undefined)[];
}

/** The bytes of one block in a copy of the piece. */
export function blockOfCopy(copy: BadCopy, piece: { readonly lengthBytes: number }, block: number): Uint8Array {
  const start = block * BLOCK_LENGTH_BYTES;
  return copy.buffer.subarray(start, Math.min(start + BLOCK_LENGTH_BYTES, piece.lengthBytes));
}

/**
 * How the piece is fetched again to find out who lied.
 * - `single`: all of it from one peer; its hash then speaks for or against that peer alone.
 * - `copies`: every block from another host than in the bad copies, and none from those that are suspected.
 */
type Trial = SingleTrial | { readonly kind: "copies"; readonly suspects: ReadonlySet<string> };

export interface SingleTrial {
  readonly kind: "single";
  witness: Source | undefined;
  readonly failedWitnesses: Set<Source>;
}

export interface Investigation {
  readonly badCopies: BadCopy[];
  /** Groups of suspects whose guilt did not explain the hash, by name. */
  readonly tried: Set<string>;
  trial: Trial;
}

/** Blocks in which the piece differs from a copy of it. */
export function differingBlocks(assembly: PieceAssembly, copy: BadCopy): number[] {
  const blocks: number[] = [];
  for (let block = 0; block < assembly.blockCount; block++) {
    const theirs = blockOfCopy(copy, assembly, block);
    if (copy.sources[block] !== undefined && !isSame(assembly.blockBytes(block), theirs)) blocks.push(block);
  }
  return blocks;
}

export function isSame(left: Uint8Array, right: Uint8Array): boolean {
  for (let index = 0; index < left.length; index++) if (left[index] !== right[index]) return false;
  return true;
}

/** Whether blocks of this source can be used for this piece at all. */
export function mayWorkOn(assembly: PieceAssembly | undefined, source: Source, areSuspectsApart: boolean): boolean {
  if (assembly === undefined) return true;
  const trial = assembly.investigation?.trial;
  if (trial?.kind === "single") return trial.witness === source;
  if (trial?.kind === "copies") return !trial.suspects.has(source.host);
  // A suspect works on pieces of its own while somebody is being looked for: the next bad hash then has one source.
  return !(areSuspectsApart && source.isSuspect) || assembly.isOnlyFrom(source);
}

/** Whether this block may come from this source. */
export function mayStore(investigation: Investigation | undefined, block: number, source: Source): boolean {
  if (investigation === undefined) return true;
  const { badCopies, trial } = investigation;
  if (trial.kind === "single") return trial.witness === source;
  if (trial.suspects.has(source.host)) return false;
  return badCopies.every((copy) => copy.sources[block]?.host !== source.host);
}
