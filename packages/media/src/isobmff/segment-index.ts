import { ByteCursor } from "../byte-cursor.ts";
import type { KeyIndexEntry } from "../key-index.ts";
import type { MediaReader } from "../reader.ts";
import { BOX_HEADER_LIMIT_BYTES, boxHeaderOf } from "./box.ts";
import { readSegmentIndexes, type TopLevelBox } from "./top-level.ts";

/** What a `sidx` box tells (ISO/IEC 14496-12 §8.16.3). */
export interface SegmentIndex {
  /** Where the box starts. */
  readonly offset: number;
  readonly trackNumber: number;
  /** The sum of its subsegments. */
  readonly durationSeconds: number;
  /** Subsegments that start with a place to decode from, in the time of the media, without edit list. */
  readonly entries: readonly KeyIndexEntry[];
  /** Where the last subsegment ends. */
  readonly endOffset: number;
}

/** Boxes with which one more segment would start. */
const SEGMENT_STARTS = new Set(["styp", "sidx", "moof", "emsg", "prft"]);

/**
 * Reads the `sidx` in front of the media that lists the fragments of all of a film: that of the track if there are several, else
 * the first. Undefined if there is none; some films have one for each segment, which tells nothing of the others. Throws
 * `damaged_media` if it is cut off.
 */
export async function readSegmentIndex(
  reader: MediaReader,
  startOffset: number,
  trackNumber?: number,
): Promise<SegmentIndex | undefined> {
  const indexes: SegmentIndex[] = [];
  for await (const sidx of readSegmentIndexes(reader, startOffset)) indexes.push(parseSegmentIndex(sidx));
  const index = indexes.find((candidate) => candidate.trackNumber === trackNumber) ?? indexes[0];
  if (index === undefined || index.endOffset >= reader.sizeBytes) return index;
  const next = boxHeaderOf(await reader.bytes(index.endOffset, BOX_HEADER_LIMIT_BYTES));
  return next !== undefined && SEGMENT_STARTS.has(next.type) ? undefined : index;
}

function parseSegmentIndex(sidx: TopLevelBox): SegmentIndex {
  const cursor = new ByteCursor(sidx.content, "segment index");
  const isLong = cursor.u8() !== 0;
  const trackNumber = cursor.skip(3).u32();
  const timescale = cursor.u32();
  const startTicks = isLong ? cursor.u64() : cursor.u32();
  // Counted from the end of this box.
  let endOffset = sidx.endOffset + (isLong ? cursor.u64() : cursor.u32());
  const count = cursor.skip(2).u16();
  const entries: KeyIndexEntry[] = [];
  let durationTicks = 0;
  for (let index = 0; index < count; index += 1) {
    const reference = cursor.u32();
    const subsegmentTicks = cursor.u32();
    const startsWithSap = cursor.u32() >>> 31 === 1;
    // The highest bit tells a reference to a further sidx from one to media.
    if (reference < 2 ** 31 && startsWithSap) {
      entries.push({ timeSeconds: (startTicks + durationTicks) / timescale, offsetBytes: endOffset });
    }
    endOffset += reference % 2 ** 31;
    durationTicks += subsegmentTicks;
  }
  return { offset: sidx.offset, trackNumber, durationSeconds: durationTicks / timescale, entries, endOffset };
}
