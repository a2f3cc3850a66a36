/** Bytes `[start, end)`: half-open everywhere in Riptide, so that lengths subtract and neighbours touch. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** Creates a checked range. Throws `RangeError` unless `0 <= start <= end` and both are safe integers. */
export function byteRange(start: number, end: number): ByteRange {
  if (!Number.isSafeInteger(start) || !Number.isSafeInteger(end) || start < 0 || end < start) {
    throw new RangeError(`A byte range needs 0 <= start <= end, not [${start}, ${end})`);
  }
  return { start, end };
}

/** Number of bytes in the range. */
export function rangeLength(range: ByteRange): number {
  return range.end - range.start;
}

/** The bytes that both ranges hold, or `undefined` where they share none. */
export function intersectRanges(left: ByteRange, right: ByteRange): ByteRange | undefined {
  const start = Math.max(left.start, right.start);
  const end = Math.min(left.end, right.end);
  return start < end ? { start, end } : undefined;
}

/** The same bytes as a sorted list without empty, overlapping or touching ranges. */
export function mergeRanges(ranges: Iterable<ByteRange>): ByteRange[] {
  const sorted = [...ranges].filter((range) => range.end > range.start).sort((a, b) => a.start - b.start);
  const merged: ByteRange[] = [];
  for (const range of sorted) {
    const last = merged.at(-1);
    if (last !== undefined && range.start <= last.end) {
      merged[merged.length - 1] = { start: last.start, end: Math.max(last.end, range.end) };
    } else {
      merged.push(range);
    }
  }
  return merged;
}

/** The parts of `range` that `holes` does not cover, in order. */
export function subtractRanges(range: ByteRange, holes: Iterable<ByteRange>): ByteRange[] {
  const rest: ByteRange[] = [];
  let start = range.start;
  for (const hole of mergeRanges(holes)) {
    if (hole.start >= range.end) break;
    if (hole.start > start) rest.push({ start, end: hole.start });
    start = Math.max(start, hole.end);
  }
  if (start < range.end) rest.push({ start, end: range.end });
  return rest;
}
