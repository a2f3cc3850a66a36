import { damagedMedia } from "../damaged.ts";
import type { MediaReader } from "../reader.ts";
import { BOX_HEADER_LIMIT_BYTES, boxHeaderOf } from "./box.ts";

/** A box of the top level of a file that was read whole. Offsets are those of the file. */
export interface TopLevelBox {
  readonly offset: number;
  readonly endOffset: number;
  readonly content: Uint8Array;
}

export interface MovieBox extends TopLevelBox {
  /** Whether media comes before the moov, which then lies at the end. */
  readonly isMediaFirst: boolean;
}

/** A moov takes about 20 bytes per sample: this is three days of video and audio. */
const MOOV_LIMIT_BYTES = 64 * 1024 * 1024;
/** A segment index has 12 bytes per segment. */
const SIDX_LIMIT_BYTES = 1024 * 1024;
/** Boxes stepped over on the way: real files have fewer than ten. Each may cost a read far away. */
const TOP_LEVEL_BOXES_LIMIT = 128;

/**
 * Reads the moov, wherever it lies. One at the end costs a read at the end of the mdat, whose size leads there without
 * scanning. Throws `MediaError` `damaged_media` if the boxes lead nowhere.
 */
export async function readMoov(reader: MediaReader): Promise<MovieBox> {
  let isMediaFirst = false;
  for await (const box of topLevelBoxes(reader, 0)) {
    if (box.type === "moov") return { ...(await readMoovAt(reader, box)), isMediaFirst };
    isMediaFirst ||= isMedia(box);
  }
  throw damagedMedia("it has no readable movie header (moov)");
}

/** Reads each `sidx` between `startOffset` and the first media: some files have one for each track. */
export async function* readSegmentIndexes(reader: MediaReader, startOffset: number): AsyncGenerator<TopLevelBox, void> {
  for await (const box of topLevelBoxes(reader, startOffset)) {
    if (box.type === "sidx") yield readWhole(reader, box, SIDX_LIMIT_BYTES);
    if (isMedia(box)) return;
  }
}

export interface BoxPlace {
  readonly type: string;
  readonly offset: number;
  readonly contentOffset: number;
  readonly endOffset: number;
}

/** The boxes from `startOffset` on, by their sizes (ISO/IEC 14496-12 §4.2), up to the first that is malformed. */
export async function* topLevelBoxes(
  reader: MediaReader,
  startOffset: number,
  limit = TOP_LEVEL_BOXES_LIMIT,
): AsyncGenerator<BoxPlace, void> {
  let offset = startOffset;
  for (let count = 0; count < limit && offset < reader.sizeBytes; count += 1) {
    const header = boxHeaderOf(await reader.bytes(offset, BOX_HEADER_LIMIT_BYTES));
    if (header === undefined) return;
    const { type, headerLengthBytes, lengthBytes } = header;
    const endOffset = lengthBytes === Number.POSITIVE_INFINITY ? reader.sizeBytes : offset + lengthBytes;
    yield { type, offset, contentOffset: offset + headerLengthBytes, endOffset };
    offset = endOffset;
  }
}

/** The moov that `box` is. Throws `damaged_media` if it is larger than any, or cut off. */
export function readMoovAt(reader: MediaReader, box: BoxPlace): Promise<TopLevelBox> {
  return readWhole(reader, box, MOOV_LIMIT_BYTES);
}

/** Whether samples lie in the box or behind it. */
export function isMedia(box: BoxPlace): boolean {
  return box.type === "mdat" || box.type === "moof";
}

async function readWhole(reader: MediaReader, box: BoxPlace, limitBytes: number): Promise<TopLevelBox> {
  const { offset, contentOffset, endOffset } = box;
  if (endOffset > reader.sizeBytes) throw damagedMedia("its movie header goes on beyond the end of the file");
  if (endOffset - contentOffset > limitBytes) throw damagedMedia("its movie header is too large");
  return { offset, endOffset, content: await reader.bytes(contentOffset, endOffset - contentOffset) };
}
