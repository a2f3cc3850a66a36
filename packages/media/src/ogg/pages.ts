import { ByteCursor } from "../byte-cursor.ts";

/** A page of an Ogg file (RFC 3533 §6). */
export interface Page {
  readonly isBeginningOfStream: boolean;
  readonly headerLengthBytes: number;
  readonly lengthBytes: number;
}

/** The fixed part of the header; then come up to 255 segment lengths. */
const FIXED_HEADER_LENGTH_BYTES = 27;
export const PAGE_HEADER_LIMIT_BYTES = FIXED_HEADER_LENGTH_BYTES + 255;

const BEGINNING_OF_STREAM_FLAG = 0x02;

/** The page header at the start of `bytes`; undefined if there is none or it is cut off. */
export function pageHeaderOf(bytes: Uint8Array): Page | undefined {
  if (bytes.length < FIXED_HEADER_LENGTH_BYTES) return undefined;
  const cursor = new ByteCursor(bytes, "Ogg page", "little");
  if (cursor.fourCharacters() !== "OggS" || cursor.u8() !== 0) return undefined;
  const flags = cursor.u8();
  const segmentCount = cursor.skip(20).u8();
  if (cursor.remaining < segmentCount) return undefined;
  const headerLengthBytes = FIXED_HEADER_LENGTH_BYTES + segmentCount;
  const segmentLengths = cursor.bytes(segmentCount);
  return {
    isBeginningOfStream: (flags & BEGINNING_OF_STREAM_FLAG) !== 0,
    headerLengthBytes,
    lengthBytes: segmentLengths.reduce((sum, length) => sum + length, headerLengthBytes),
  };
}
