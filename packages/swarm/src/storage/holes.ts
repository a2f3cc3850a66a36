import type { ByteRange } from "@riptide/core";
import { pieceRange, type StoredFile, spansOf, type TorrentLayout } from "./file-layout.ts";

/** No file system in use has larger blocks, and of a block that is freed in part nothing is freed. */
const MAX_BLOCK_BYTES = 64 * 1024;

/** The unit in which stat(2) counts, whatever the file system's own is. */
const STAT_BLOCK_BYTES = 512;

/**
 * What is to be freed of each file when these pieces go, in order, neighbours joined. It reaches into a neighbour that
 * is not needed, by a block: otherwise the blocks on the seams of pieces that go one by one would stay.
 */
export function holesOf(
  layout: TorrentLayout,
  pieces: ReadonlySet<number>,
  isNeeded: (piece: number) => boolean,
): Map<StoredFile, ByteRange[]> {
  const holes = new Map<StoredFile, ByteRange[]>();
  for (const range of runsOf(pieces, layout, isNeeded)) {
    for (const { file, position, lengthBytes } of spansOf(layout, range)) {
      if (file.isPadding || lengthBytes === 0) continue;
      const ranges = holes.get(file) ?? [];
      ranges.push({ start: position, end: position + lengthBytes });
      holes.set(file, ranges);
    }
  }
  return holes;
}

/** Whether a file takes more of the disk than all that lies around the holes: otherwise they are there already. */
export function canFree(stats: { readonly blocks: number }, file: StoredFile, holes: readonly ByteRange[]): boolean {
  const aroundBytes = holes.reduce((bytes, { start, end }) => bytes - (end - start), file.lengthBytes);
  return stats.blocks * STAT_BLOCK_BYTES > aroundBytes;
}

function runsOf(pieces: ReadonlySet<number>, layout: TorrentLayout, isNeeded: (piece: number) => boolean): ByteRange[] {
  const runs: { start: number; end: number }[] = [];
  for (const piece of [...pieces].sort((left, right) => left - right)) {
    const { start, end } = pieceRange(layout, piece);
    const last = runs.at(-1);
    if (last?.end === start) last.end = end;
    else runs.push({ start, end });
  }
  return runs.map(({ start, end }) => {
    const before = start / layout.pieceLengthBytes - 1;
    const after = Math.ceil(end / layout.pieceLengthBytes);
    const isFreeBefore = before >= 0 && !isNeeded(before);
    const isFreeAfter = after < layout.pieceCount && !isNeeded(after);
    return {
      start: isFreeBefore ? Math.max(pieceRange(layout, before).start, start - MAX_BLOCK_BYTES) : start,
      end: isFreeAfter ? Math.min(pieceRange(layout, after).end, end + MAX_BLOCK_BYTES) : end,
    };
  });
}
