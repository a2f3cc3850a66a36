import { ByteCursor } from "../byte-cursor.ts";
import type { MediaReader } from "../reader.ts";
import type { IndexBuilder } from "./index-builder.ts";
import type { AviTrack } from "./tracks.ts";

/** The OpenDML AVI File Format Extensions, version 1.02, §3. */

/** A piece of the index of a stream: a chunk `ix##`, or the content of `indx` itself. */
export interface IndexPart {
  readonly offsetBytes: number;
  readonly sizeBytes: number;
  /** It is in memory already. */
  readonly content?: Uint8Array;
}

/** wLongsPerEntry 2, bIndexSubType 1, bIndexType 1, nEntriesInUse 4, dwChunkId 4, 12 more. */
const HEADER_LENGTH_BYTES = 24;
const INDEX_OF_INDEXES = 0;
const INDEX_OF_CHUNKS = 1;
/** qwOffset, dwSize, dwDuration. */
const SUPER_ENTRY_LENGTH_BYTES = 16;
/** A part has a gigabyte or more in files as they are written; four times what the longest super indexes have room for. */
const PARTS_LIMIT = 1024;

/** The parts that the `indx` of a stream leads to, in the order of the film. Empty if there is none. */
export function partsOf({ stream }: AviTrack): IndexPart[] {
  const content = stream.index;
  if (content === undefined || content.length < HEADER_LENGTH_BYTES) return [];
  const { type, count } = parseHeader(content);
  if (type === INDEX_OF_CHUNKS) return [{ offsetBytes: 0, sizeBytes: content.length, content }];
  if (type !== INDEX_OF_INDEXES) return [];
  const cursor = new ByteCursor(content, "AVI index", "little").skip(HEADER_LENGTH_BYTES);
  const parts: IndexPart[] = [];
  while (parts.length < Math.min(count, PARTS_LIMIT) && cursor.remaining >= SUPER_ENTRY_LENGTH_BYTES) {
    parts.push({ offsetBytes: cursor.u64(), sizeBytes: cursor.u32() });
    cursor.skip(4);
  }
  return parts;
}

/** Lists what the parts list. Those that lie beyond the end of the file are left out. */
export async function readOpenIndex(
  reader: MediaReader,
  tracks: readonly { readonly track: AviTrack; readonly parts: readonly IndexPart[] }[],
  builder: IndexBuilder,
): Promise<void> {
  for (const { track, parts } of tracks) {
    for (const part of parts) {
      const content = part.content ?? (await readPart(reader, part));
      if (content !== undefined) listChunks(content, track.streamNumber, builder);
    }
  }
}

/** Id and size of the chunk that a part is. */
const CHUNK_START_BYTES = 8;
/** A part that lists a hundred thousand chunks, an hour of pictures or more, has a megabyte: more than this is a lie. */
const PART_LIMIT_BYTES = 16 * 1024 * 1024;

async function readPart(reader: MediaReader, { offsetBytes, sizeBytes }: IndexPart): Promise<Uint8Array | undefined> {
  // Whether the size counts the start of the chunk is not agreed on.
  const lengthBytes = CHUNK_START_BYTES + sizeBytes;
  if (sizeBytes > PART_LIMIT_BYTES || offsetBytes >= reader.sizeBytes) return undefined;
  const chunk = await reader.bytes(offsetBytes, lengthBytes);
  if (chunk.length < CHUNK_START_BYTES) return undefined;
  const cursor = new ByteCursor(chunk, "AVI index", "little");
  const isPart = /^ix\d\d$/.test(cursor.fourCharacters());
  const contentEnd = CHUNK_START_BYTES + cursor.u32();
  return isPart ? chunk.subarray(CHUNK_START_BYTES, contentEnd) : undefined;
}

/** Set in the size of a chunk that is no keyframe. */
const DELTA_FLAG = 0x8000_0000;
const ENTRY_WORDS = 2;
/** Entries of interlaced pictures also tell where the second field is. */
const FIELD_ENTRY_WORDS = 3;

/** AVISTDINDEX, and AVIFIELDINDEX, whose entries are longer: offsets are those of the content of chunks. */
function listChunks(content: Uint8Array, streamNumber: number, builder: IndexBuilder): void {
  if (content.length < HEADER_LENGTH_BYTES) return;
  const { type, count, wordsPerEntry } = parseHeader(content);
  if (type !== INDEX_OF_CHUNKS || (wordsPerEntry !== ENTRY_WORDS && wordsPerEntry !== FIELD_ENTRY_WORDS)) return;
  const cursor = new ByteCursor(content, "AVI index", "little").skip(12);
  const baseOffset = cursor.u64();
  cursor.skip(4);
  const entryLengthBytes = 4 * wordsPerEntry;
  for (let number = 0; number < count && cursor.remaining >= entryLengthBytes && !builder.isFull; number += 1) {
    const offsetBytes = baseOffset + cursor.u32();
    const size = cursor.u32();
    cursor.skip(entryLengthBytes - 8);
    builder.add(streamNumber, offsetBytes, size % DELTA_FLAG, size < DELTA_FLAG);
  }
}

function parseHeader(content: Uint8Array): { wordsPerEntry: number; type: number; count: number } {
  const cursor = new ByteCursor(content, "AVI index", "little");
  const wordsPerEntry = cursor.u16();
  const type = cursor.skip(1).u8();
  return { wordsPerEntry, type, count: cursor.u32() };
}
