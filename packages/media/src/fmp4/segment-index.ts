import { characters } from "./boxes.ts";

/** What one fragment and the padding behind it take, and how long it plays. */
export interface Subsegment {
  /** Below 2 GiB. */
  readonly lengthBytes: number;
  readonly durationTicks: number;
}

export interface SegmentIndexOptions {
  readonly trackId: number;
  /** Ticks per second of this box. */
  readonly timescale: number;
  /** When the first subsegment is shown. */
  readonly startTicks: number;
  /** In order, the first one right behind this box. Each begins with a place to decode from. At most 65 535. */
  readonly subsegments: readonly Subsegment[];
}

const FIXED_BYTES = 40;
const REFERENCE_BYTES = 12;
/** Times of 64 bits. */
const VERSION_1 = 0x01000000;
/** starts_with_SAP, and SAP_type 1: a keyframe that is first in decoding and in output order. */
const STARTS_WITH_KEYFRAME = 0x90000000;
const U32_LIMIT = 0xffffffff;

/** A `sidx` box that refers to media alone (ISO/IEC 14496-12 §8.16.3). */
export function segmentIndexBox({ trackId, timescale, startTicks, subsegments }: SegmentIndexOptions): Uint8Array {
  const bytes = new Uint8Array(FIXED_BYTES + REFERENCE_BYTES * subsegments.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, bytes.length);
  bytes.set(characters("sidx"), 4);
  view.setUint32(8, VERSION_1);
  view.setUint32(12, trackId);
  view.setUint32(16, timescale);
  view.setBigUint64(20, BigInt(startTicks));
  // first_offset (64 bits) and 16 reserved bits are 0.
  view.setUint16(38, subsegments.length);
  for (const [index, { lengthBytes, durationTicks }] of subsegments.entries()) {
    const position = FIXED_BYTES + REFERENCE_BYTES * index;
    view.setUint32(position, lengthBytes);
    view.setUint32(position + 4, Math.min(durationTicks, U32_LIMIT));
    view.setUint32(position + 8, STARTS_WITH_KEYFRAME);
  }
  return bytes;
}
