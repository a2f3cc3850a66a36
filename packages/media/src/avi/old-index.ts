import type { MediaReader } from "../reader.ts";
import { streamNumberAt } from "./chunk-id.ts";
import type { AviHeader } from "./header.ts";
import type { IndexBuilder } from "./index-builder.ts";
import { CHUNK_HEADER_LENGTH_BYTES, chunkHeaderOf } from "./riff.ts";

/** Chunks between the media and their index: fillers. */
const CHUNKS_BEFORE_LIMIT = 16;
/** Read in one go. */
const PIECE_LENGTH_BYTES = 1024 * 1024;
/** AVIOLDINDEX entry: id, flags, offset, size. */
const ENTRY_LENGTH_BYTES = 16;
const KEYFRAME_FLAG = 0x10;
/** The highest bit belongs to no size. */
const SIZE_MASK = 0x7fff_ffff;
const ID_LENGTH_BYTES = 4;
/** Where a chunk stands in front of its content: id and size. */
const CHUNK_START_BYTES = 8;
/** Chunks that are looked for where the index may mean them. */
const VERIFIED_ENTRIES = 4;

/** Lists what `idx1` lists (Microsoft, "AVIOLDINDEX structure"); nothing if there is none, or none that leads to its chunks. */
export async function readOldIndex(reader: MediaReader, { movi }: AviHeader, builder: IndexBuilder): Promise<void> {
  const place = movi?.endOffset === undefined ? undefined : await findOldIndex(reader, movi.endOffset);
  if (movi === undefined || place === undefined) return;
  let base: number | undefined;
  for (let start = place.start; start < place.end && !builder.isFull; start += PIECE_LENGTH_BYTES) {
    const piece = await reader.bytes(start, Math.min(PIECE_LENGTH_BYTES, place.end - start));
    base ??= await baseOf(reader, piece, movi.typeOffset);
    if (base === undefined) return;
    listEntries(piece, base, builder);
  }
}

/** Where the entries stand. */
async function findOldIndex(reader: MediaReader, moviEnd: number): Promise<{ start: number; end: number } | undefined> {
  let offset = moviEnd;
  for (let count = 0; count < CHUNKS_BEFORE_LIMIT && offset < reader.sizeBytes; count += 1) {
    const header = chunkHeaderOf(await reader.bytes(offset, CHUNK_HEADER_LENGTH_BYTES));
    if (header === undefined) return undefined;
    const start = offset + CHUNK_START_BYTES;
    const end = Math.min(start + header.contentLengthBytes, reader.sizeBytes);
    if (header.id === "idx1") return { start, end };
    offset += header.paddedLengthBytes;
  }
  return undefined;
}

function listEntries(piece: Uint8Array, base: number, builder: IndexBuilder): void {
  const view = new DataView(piece.buffer, piece.byteOffset, piece.byteLength);
  for (let at = 0; at + ENTRY_LENGTH_BYTES <= piece.length; at += ENTRY_LENGTH_BYTES) {
    const streamNumber = streamNumberAt(piece, at);
    // Lists (`rec `) have entries, too: what is in them has its own.
    if (streamNumber === undefined) continue;
    const isKeyframe = (view.getUint32(at + 4, true) & KEYFRAME_FLAG) !== 0;
    const contentOffset = base + view.getUint32(at + 8, true) + CHUNK_START_BYTES;
    builder.add(streamNumber, contentOffset, view.getUint32(at + 12, true) & SIZE_MASK, isKeyframe);
  }
}

/** What offsets count from: the type of the `movi` list, as they should, or the start of the file. Undefined if neither leads anywhere. */
async function baseOf(reader: MediaReader, piece: Uint8Array, moviTypeOffset: number): Promise<number | undefined> {
  const view = new DataView(piece.buffer, piece.byteOffset, piece.byteLength);
  let looked = 0;
  for (let at = 0; at + ENTRY_LENGTH_BYTES <= piece.length && looked < VERIFIED_ENTRIES; at += ENTRY_LENGTH_BYTES) {
    if (streamNumberAt(piece, at) === undefined || view.getUint32(at + 12, true) === 0) continue;
    looked += 1;
    for (const base of [moviTypeOffset, 0]) {
      const found = await reader.bytes(base + view.getUint32(at + 8, true), ID_LENGTH_BYTES);
      if (found.length === ID_LENGTH_BYTES && found.every((byte, place) => byte === piece[at + place])) return base;
    }
  }
  return undefined;
}
