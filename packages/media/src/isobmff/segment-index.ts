import { ByteCursor } from "../byte-cursor.ts";
import type { KeyIndexEntry } from "../key-index.ts";
import type { TopLevelBox } from "./top-level.ts";

/** What a `sidx` box tells. */
export interface SegmentIndex {
  readonly trackNumber: number;
  /** The sum of its subsegments. */
  readonly durationSeconds: number;
  /** Subsegments that start with a place to decode from, in the time of the media, without edit list. */
  readonly entries: readonly KeyIndexEntry[];
}

/** Parses a `sidx` (ISO/IEC 14496-12 §8.16.3). Throws `damaged_media` if it is cut off. */
export function parseSegmentIndex(sidx: TopLevelBox): SegmentIndex {
  const cursor = new ByteCursor(sidx.content, "segment index");
  const isLong = cursor.u8() !== 0;
  const trackNumber = cursor.skip(3).u32();
  const timescale = cursor.u32();
  const startTicks = isLong ? cursor.u64() : cursor.u32();
  // Counted from the end of this box.
  let offsetBytes = sidx.endOffset + (isLong ? cursor.u64() : cursor.u32());
  const count = cursor.skip(2).u16();
  const entries: KeyIndexEntry[] = [];
  let durationTicks = 0;
  for (let index = 0; index < count; index += 1) {
    const reference = cursor.u32();
    const subsegmentTicks = cursor.u32();
    const startsWithSap = cursor.u32() >>> 31 === 1;
    // The highest bit tells a reference to a further sidx from one to media.
    if (reference < 2 ** 31 && startsWithSap) {
      entries.push({ timeSeconds: (startTicks + durationTicks) / timescale, offsetBytes });
    }
    offsetBytes += reference % 2 ** 31;
    durationTicks += subsegmentTicks;
  }
  return { trackNumber, durationSeconds: durationTicks / timescale, entries };
}
