import { ByteCursor } from "../byte-cursor.ts";
import { damagedMedia } from "../damaged.ts";
import type { MediaReader } from "../reader.ts";
import { CHUNK_HEADER_LENGTH_BYTES, chunkHeaderOf, chunksOf } from "./riff.ts";
import { type AviStream, parseStream } from "./streams.ts";

/** What stands in front of the media of an AVI file. */
export interface AviHeader {
  /** In their order: the place of a stream, from 0, is the number in the ids of its chunks. */
  readonly streams: readonly AviStream[];
  /** From one picture to the next; 0 if the file does not say. */
  readonly framePeriodMicroseconds: number;
  /** AVIF_HASINDEX: the file says that an `idx1` chunk follows its media. */
  readonly promisesIndex: boolean;
  /** Undefined if there is none among the first chunks. */
  readonly movi: MoviList | undefined;
}

/** The list of the media; a file of more than some gigabytes has others behind it. */
interface MoviList {
  /** Where its type stands, which `idx1` counts from: the first chunk comes right behind that. */
  readonly typeOffset: number;
  /** Undefined in files whose writer did not come to the end. */
  readonly endOffset: number | undefined;
}

/**
 * Reads the header list of an AVI file (Microsoft, "AVI RIFF File Reference") and steps to its `movi` list. Throws `MediaError`
 * `damaged_media`.
 */
export async function readAviHeader(reader: MediaReader): Promise<AviHeader> {
  const { headerList, movi } = await walkRiff(reader);
  const mainHeader = [...chunksOf(headerList)].find((chunk) => chunk.id === "avih");
  if (mainHeader === undefined) throw damagedMedia("it has no AVI header");
  const cursor = new ByteCursor(mainHeader.content, "AVI header", "little");
  const framePeriodMicroseconds = cursor.u32();
  const flags = cursor.skip(8).u32();
  const streams = [...chunksOf(headerList)].filter((chunk) => chunk.listType === "strl").map(parseStream);
  return { streams, framePeriodMicroseconds, promisesIndex: (flags & HAS_INDEX_FLAG) !== 0, movi };
}

const HAS_INDEX_FLAG = 0x10;

/** RIFF, its size and the form type: the first chunk comes behind them. */
const RIFF_HEADER_LENGTH_BYTES = 12;
/** Headers with OpenDML super indexes for many streams stay well below. */
const HEADER_LIST_LIMIT_BYTES = 4 * 1024 * 1024;
/** Chunks stepped over before `movi`: LIST hdrl, LIST INFO, JUNK. */
const TOP_LEVEL_CHUNKS_LIMIT = 64;

async function walkRiff(reader: MediaReader): Promise<{ headerList: Uint8Array; movi: MoviList | undefined }> {
  let headerList: Uint8Array | undefined;
  let offset = RIFF_HEADER_LENGTH_BYTES;
  for (let count = 0; count < TOP_LEVEL_CHUNKS_LIMIT && offset < reader.sizeBytes; count += 1) {
    const bytes = await reader.bytes(offset, CHUNK_HEADER_LENGTH_BYTES);
    const header = chunkHeaderOf(bytes);
    if (header === undefined) break;
    if (header.listType === "hdrl") headerList ??= await readHeaderList(reader, offset, header.paddedLengthBytes);
    const movi = moviAt(offset, bytes, header.paddedLengthBytes);
    if (movi !== undefined && headerList !== undefined) return { headerList, movi };
    offset += header.paddedLengthBytes;
  }
  if (headerList === undefined) throw damagedMedia("it has no AVI header list");
  return { headerList, movi: undefined };
}

async function readHeaderList(reader: MediaReader, offset: number, lengthBytes: number): Promise<Uint8Array> {
  if (lengthBytes > HEADER_LIST_LIMIT_BYTES) throw damagedMedia("its AVI header list is too large");
  if (offset + lengthBytes > reader.sizeBytes) throw damagedMedia("its AVI header goes on beyond the end of the file");
  const list = await reader.bytes(offset, lengthBytes);
  return list.subarray(CHUNK_HEADER_LENGTH_BYTES);
}

/** A writer that is stopped leaves the size of the list open: its type is there all the same. */
function moviAt(offset: number, bytes: Uint8Array, paddedLengthBytes: number): MoviList | undefined {
  if (String.fromCharCode(...bytes.subarray(0, 4), ...bytes.subarray(8)) !== "LISTmovi") return undefined;
  const isOpen = paddedLengthBytes < CHUNK_HEADER_LENGTH_BYTES;
  return { typeOffset: offset + 8, endOffset: isOpen ? undefined : offset + paddedLengthBytes };
}
