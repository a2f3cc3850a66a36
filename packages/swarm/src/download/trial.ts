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
 * - `second-copy`: every block from another peer than in the first copy; a block that differs has a liar in its pair.
 */
type Trial =
  | { readonly kind: "single"; witness: Source | undefined; readonly failedWitnesses: Set<Source> }
  | { readonly kind: "second-copy"; readonly first: BadCopy };

export interface Investigation {
  readonly badCopies: BadCopy[];
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

function isSame(left: Uint8Array, right: Uint8Array): boolean {
  for (let index = 0; index < left.length; index++) if (left[index] !== right[index]) return false;
  return true;
}

/** Whether blocks of this source can be used for this piece at all. */
export function mayWorkOn(assembly: PieceAssembly | undefined, source: Source, areSuspectsApart: boolean): boolean {
  if (assembly === undefined) return true;
  const trial = assembly.investigation?.trial;
  if (trial?.kind === "single") return trial.witness === source;
  if (trial?.kind === "second-copy") return true;
  // A suspect works on pieces of its own while somebody is being looked for: the next bad hash then has one source.
  return !(areSuspectsApart && source.isSuspect) || assembly.isOnlyFrom(source);
}

/** Whether this block may come from this source. */
export function mayStore(assembly: PieceAssembly, block: number, source: Source): boolean {
  const trial = assembly.investigation?.trial;
  if (trial?.kind === "single") return trial.witness === source;
  if (trial?.kind === "second-copy") return trial.first.sources[block] !== source;
  return true;
}
