import { ByteCursor } from "../byte-cursor.ts";

/** A chunk of a RIFF file in memory. A list's content comes after its type. */
export interface Chunk {
  readonly id: string;
  /** For `LIST` and `RIFF` chunks, else undefined. */
  readonly listType: string | undefined;
  readonly content: Uint8Array;
}

export interface ChunkHeader {
  readonly id: string;
  readonly listType: string | undefined;
  readonly headerLengthBytes: number;
  readonly contentLengthBytes: number;
  /** Header and content, to the next even byte, where the next chunk starts. */
  readonly paddedLengthBytes: number;
}

/** Id, size and list type. */
export const CHUNK_HEADER_LENGTH_BYTES = 12;

/** The chunk header at the start of `bytes`; undefined if it is cut off. */
export function chunkHeaderOf(bytes: Uint8Array): ChunkHeader | undefined {
  if (bytes.length < 8) return undefined;
  const cursor = new ByteCursor(bytes, "chunk header", "little");
  const id = cursor.fourCharacters();
  const sizeBytes = cursor.u32();
  const isList = (id === "LIST" || id === "RIFF") && sizeBytes >= 4 && cursor.remaining >= 4;
  const listType = isList ? cursor.fourCharacters() : undefined;
  const lengthBytes = 8 + sizeBytes;
  return {
    id,
    listType,
    headerLengthBytes: cursor.position,
    contentLengthBytes: lengthBytes - cursor.position,
    paddedLengthBytes: lengthBytes + (sizeBytes & 1),
  };
}

/** Chunks side by side that are looked at. A header list has one per stream. */
const SIBLINGS_LIMIT = 256;

/** The chunks in `bytes`; they end early, without complaint, at the first that reaches beyond the end. */
export function* chunksOf(bytes: Uint8Array): Generator<Chunk> {
  let start = 0;
  for (let count = 0; count < SIBLINGS_LIMIT && start < bytes.length; count += 1) {
    const header = chunkHeaderOf(bytes.subarray(start, start + CHUNK_HEADER_LENGTH_BYTES));
    if (header === undefined) return;
    const contentStart = start + header.headerLengthBytes;
    const contentEnd = contentStart + header.contentLengthBytes;
    if (contentEnd > bytes.length) return;
    yield { id: header.id, listType: header.listType, content: bytes.subarray(contentStart, contentEnd) };
    start += header.paddedLengthBytes;
  }
}
