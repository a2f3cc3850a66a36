import { ByteCursor } from "../byte-cursor.ts";
import { bitmapFormat, videoCodecOfFourcc, waveFormat } from "../codecs/microsoft.ts";
import { damagedMedia } from "../damaged.ts";
import type { KeyIndexSummary } from "../media-info.ts";
import type { ProbeResult } from "../probe-result.ts";
import type { MediaReader } from "../reader.ts";
import { audioTrack, numberTracks, subtitleTrack, type TrackDraft, videoTrack } from "../track-list.ts";
import { fourccTag, TITLE_LIMIT_CHARACTERS, untrustedText } from "../untrusted-text.ts";
import { CHUNK_HEADER_LENGTH_BYTES, type Chunk, chunkHeaderOf, chunksOf } from "./riff.ts";

/**
 * Reads the header list of an AVI file (Microsoft, "AVI RIFF File Reference") and steps to its `movi` list. The index
 * behind that is found from the size of the list and is not read. Throws `MediaError` `damaged_media`.
 */
export async function probeAvi(reader: MediaReader): Promise<ProbeResult> {
  const { headerList, moviEnd } = await walkRiff(reader);
  const mainHeader = [...chunksOf(headerList)].find((chunk) => chunk.id === "avih");
  if (mainHeader === undefined) throw damagedMedia("it has no AVI header");
  const streams = [...chunksOf(headerList)].filter((chunk) => chunk.listType === "strl").map(parseStream);
  return {
    durationSeconds: Math.max(0, ...streams.map((stream) => stream.durationSeconds)),
    tracks: numberTracks(streams.flatMap((stream) => stream.draft ?? [])),
    keyIndex: keyIndexOf(mainHeader, moviEnd, reader.sizeBytes),
    isFastStart: undefined,
  };
}

interface RiffParts {
  readonly headerList: Uint8Array;
  readonly moviEnd: number | undefined;
}

/** RIFF, its size and the form type: the first chunk comes behind them. */
const RIFF_HEADER_LENGTH_BYTES = 12;
/** Headers with OpenDML super indexes for many streams stay well below. */
const HEADER_LIST_LIMIT_BYTES = 4 * 1024 * 1024;
/** Chunks stepped over before `movi`: LIST hdrl, LIST INFO, JUNK. */
const TOP_LEVEL_CHUNKS_LIMIT = 64;

async function walkRiff(reader: MediaReader): Promise<RiffParts> {
  let headerList: Uint8Array | undefined;
  let offset = RIFF_HEADER_LENGTH_BYTES;
  for (let count = 0; count < TOP_LEVEL_CHUNKS_LIMIT && offset < reader.sizeBytes; count += 1) {
    const header = chunkHeaderOf(await reader.bytes(offset, CHUNK_HEADER_LENGTH_BYTES));
    if (header === undefined) break;
    if (header.listType === "hdrl") headerList ??= await readHeaderList(reader, offset, header.paddedLengthBytes);
    offset += header.paddedLengthBytes;
    if (header.listType === "movi" && headerList !== undefined) return { headerList, moviEnd: offset };
  }
  if (headerList === undefined) throw damagedMedia("it has no AVI header list");
  return { headerList, moviEnd: undefined };
}

async function readHeaderList(reader: MediaReader, offset: number, lengthBytes: number): Promise<Uint8Array> {
  if (lengthBytes > HEADER_LIST_LIMIT_BYTES) throw damagedMedia("its AVI header list is too large");
  if (offset + lengthBytes > reader.sizeBytes) throw damagedMedia("its AVI header goes on beyond the end of the file");
  const list = await reader.bytes(offset, lengthBytes);
  return list.subarray(CHUNK_HEADER_LENGTH_BYTES);
}

interface Stream {
  readonly durationSeconds: number;
  readonly draft: TrackDraft | undefined;
}

/** A stream list: `strh` (what and how long), `strf` (its format), perhaps `strn` (its name). */
function parseStream(list: Chunk): Stream {
  const chunks = new Map([...chunksOf(list.content)].map((chunk) => [chunk.id, chunk.content]));
  const cursor = new ByteCursor(chunks.get("strh") ?? new Uint8Array(0), "AVI stream header", "little");
  const type = cursor.fourCharacters();
  const handler = cursor.fourCharacters();
  const scale = cursor.skip(12).u32();
  const rate = cursor.u32();
  const lengthUnits = cursor.skip(4).u32();
  const name = chunks.get("strn");
  const title = (name && untrustedText(name, TITLE_LIMIT_CHARACTERS)) || undefined;
  const format = chunks.get("strf") ?? new Uint8Array(0);
  return {
    durationSeconds: scale === 0 || rate === 0 ? 0 : (lengthUnits * scale) / rate,
    draft: draftOf(type, { handler, format, title, framesPerSecond: rate / scale }),
  };
}

function draftOf(
  type: string,
  stream: { handler: string; format: Uint8Array; title: string | undefined; framesPerSecond: number },
): TrackDraft | undefined {
  const { handler, format, title, framesPerSecond } = stream;
  switch (type) {
    case "vids": {
      const picture = bitmapFormat(format);
      // Some writers name the codec in the stream header only.
      const codec = picture.codec === "unknown" ? videoCodecOfFourcc(handler) : picture.codec;
      return videoTrack({ ...picture, codec, title, framesPerSecond });
    }
    case "auds":
      return audioTrack({ ...waveFormat(format), title });
    case "txts":
      return subtitleTrack({ codec: "unknown", codecTag: fourccTag(handler), title });
    default:
      return undefined;
  }
}

/** AVIF_HASINDEX: the file says that an `idx1` chunk follows its `movi` list. */
const HAS_INDEX_FLAG = 0x10;

function keyIndexOf(mainHeader: Chunk, moviEnd: number | undefined, sizeBytes: number): KeyIndexSummary | undefined {
  const flags = new ByteCursor(mainHeader.content, "AVI header", "little").skip(12).u32();
  const promisesIndex = (flags & HAS_INDEX_FLAG) !== 0;
  return promisesIndex && moviEnd !== undefined && moviEnd < sizeBytes
    ? { kind: "idx1", startByte: moviEnd }
    : undefined;
}
