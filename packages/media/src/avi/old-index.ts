import type { MediaReader } from "../reader.ts";
import { streamNumberOf } from "./chunk-id.ts";
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
    for (const entry of entriesOf(piece)) {
      const isKeyframe = (entry.flags & KEYFRAME_FLAG) !== 0;
      builder.add(entry.streamNumber, base + entry.offset + CHUNK_START_BYTES, entry.sizeBytes, isKeyframe);
    }
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

interface Entry {
  readonly id: string;
  readonly streamNumber: number;
  readonly flags: number;
  readonly offset: number;
  readonly sizeBytes: number;
}

function* entriesOf(piece: Uint8Array): Generator<Entry> {
  const view = new DataView(piece.buffer, piece.byteOffset, piece.byteLength);
  for (let at = 0; at + ENTRY_LENGTH_BYTES <= piece.length; at += ENTRY_LENGTH_BYTES) {
    const id = String.fromCharCode(...piece.subarray(at, at + 4));
    const streamNumber = streamNumberOf(id);
    // Lists (`rec `) have entries, too: what is in them has its own.
    if (streamNumber === undefined) continue;
    const sizeBytes = view.getUint32(at + 12, true) & 0x7fff_ffff;
    yield { id, streamNumber, flags: view.getUint32(at + 4, true), offset: view.getUint32(at + 8, true), sizeBytes };
  }
}

/** What offsets count from: the type of the `movi` list, as they should, or the start of the file. Undefined if neither leads anywhere. */
async function baseOf(reader: MediaReader, piece: Uint8Array, moviTypeOffset: number): Promise<number | undefined> {
  let looked = 0;
  for (const { id, offset, sizeBytes } of entriesOf(piece)) {
    if (sizeBytes === 0) continue;
    if (looked === VERIFIED_ENTRIES) return undefined;
    looked += 1;
    for (const base of [moviTypeOffset, 0]) {
      const header = chunkHeaderOf(await reader.bytes(base + offset, CHUNK_START_BYTES));
      if (header?.id === id) return base;
    }
  }
  return undefined;
}
