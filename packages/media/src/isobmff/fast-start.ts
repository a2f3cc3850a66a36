import type { ByteRange } from "@riptide/core";
import { byteRange } from "@riptide/core";
import { type ByteSource, MediaReader } from "../reader.ts";
import { type Box, boxAt, boxesOf } from "./box.ts";
import { type BoxTable, tableAt } from "./full-box-table.ts";
import { type BoxPlace, isMedia, readMoovAt, topLevelBoxes } from "./top-level.ts";

/** Bytes of a rearranged file: those of a part of the original, or some that were made. */
export type FastStartPart =
  | { readonly kind: "bytes"; readonly bytes: Uint8Array }
  | { readonly kind: "source"; readonly range: ByteRange };

/** A file whose moov lies behind its media, seen as one whose moov lies in front. */
export interface FastStartLayout {
  /** As long as the original. */
  readonly sizeBytes: number;
  /** What the file consists of, in order. None is empty. */
  readonly parts: readonly FastStartPart[];
}

/**
 * Puts the moov of an MP4 or QuickTime file in front of its media, right behind the `ftyp`, without a copy of the media: players can
 * then start while the rest is on its way. The chunk offsets in it (ISO/IEC 14496-12 §8.7.5) grow by its length where their chunks
 * move; every other byte stays as it is, and so does the size of the file. (Only a moov that says that it goes on to the end of the
 * file gets to say its size.)
 *
 * Undefined if there is nothing to do or it cannot be done: the moov is in front already or missing, the film is fragmented, or an
 * offset would need more than its 32 bits. Throws `MediaError` `damaged_media` if the moov is cut off or larger than any, and
 * whatever `source.readAt` rejects with.
 */
export async function fastStartLayout(
  source: ByteSource,
  options: { readonly signal: AbortSignal },
): Promise<FastStartLayout | undefined> {
  const reader = new MediaReader(source, options);
  const places = await findPlaces(reader);
  if (places === undefined) return undefined;
  const moved = byteRange(places.frontOffset, places.moov.offset);
  const moov = await readMoov(reader, places.moov);
  if (!moveChunks(moov, moved)) return undefined;
  const { endOffset } = places.moov;
  const parts: FastStartPart[] = [
    { kind: "source", range: byteRange(0, moved.start) },
    { kind: "bytes", bytes: moov },
    { kind: "source", range: moved },
    { kind: "source", range: byteRange(endOffset, source.sizeBytes) },
  ];
  const isEmpty = (part: FastStartPart) => part.kind === "source" && part.range.start === part.range.end;
  return { sizeBytes: source.sizeBytes, parts: parts.filter((part) => !isEmpty(part)) };
}

/** The moov that lies behind media, and the place that it ought to have. */
async function findPlaces(reader: MediaReader): Promise<{ moov: BoxPlace; frontOffset: number } | undefined> {
  let frontOffset = 0;
  let isMediaFirst = false;
  for await (const box of topLevelBoxes(reader, 0)) {
    if (box.type === "moov") return isMediaFirst ? { moov: box, frontOffset } : undefined;
    // §4.3.1: only what a file must start with stays in front.
    if (box.type === "ftyp" && !isMediaFirst) frontOffset = box.endOffset;
    isMediaFirst ||= isMedia(box);
  }
  return undefined;
}

/** The whole box, header included, with its length in its header. Not shared: it is written to. */
async function readMoov(reader: MediaReader, place: BoxPlace): Promise<Uint8Array> {
  const { content } = await readMoovAt(reader, place);
  const lengthBytes = place.endOffset - place.offset;
  const headerLengthBytes = lengthBytes - content.length;
  const moov = new Uint8Array(lengthBytes);
  moov.set(await reader.bytes(place.offset, headerLengthBytes));
  moov.set(content, headerLengthBytes);
  const view = new DataView(moov.buffer);
  // §4.2: 0 means "to the end of the file", which is now elsewhere.
  if (view.getUint32(0) === 0) view.setUint32(0, lengthBytes);
  return moov;
}

/** Adds the length of the moov to the offsets of all chunks in `moved`. False if that cannot be done. */
function moveChunks(moov: Uint8Array, moved: ByteRange): boolean {
  const [box] = boxesOf(moov);
  if (box === undefined || boxAt(box.content, "mvex") !== undefined) return false;
  const traks = [...boxesOf(box.content)].filter(({ type }) => type === "trak");
  return traks.every((trak) => moveTrackChunks(trak, moved, moov.length));
}

function moveTrackChunks(trak: Box, moved: ByteRange, byBytes: number): boolean {
  const stbl = boxAt(trak.content, "mdia", "minf", "stbl");
  const short = stbl && tableAt(stbl, "stco", 4);
  if (short !== undefined) return moveShortOffsets(short, moved, byBytes);
  const long = stbl && tableAt(stbl, "co64", 8);
  if (long !== undefined) moveLongOffsets(long, moved, byBytes);
  return true;
}

/** An upgrade to co64 would make the file longer, for the few films that end just below 4 GiB: they stay as they are. */
function moveShortOffsets({ view, length }: BoxTable, moved: ByteRange, byBytes: number): boolean {
  for (let chunk = 0; chunk < length; chunk += 1) {
    const offset = view.getUint32(4 * chunk);
    if (offset < moved.start || offset >= moved.end) continue;
    if (offset + byBytes >= 2 ** 32) return false;
    view.setUint32(4 * chunk, offset + byBytes);
  }
  return true;
}

function moveLongOffsets({ view, length }: BoxTable, moved: ByteRange, byBytes: number): void {
  for (let chunk = 0; chunk < length; chunk += 1) {
    const offset = view.getBigUint64(8 * chunk);
    if (offset < moved.start || offset >= moved.end) continue;
    view.setBigUint64(8 * chunk, offset + BigInt(byBytes));
  }
}
