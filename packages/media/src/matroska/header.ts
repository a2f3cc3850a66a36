import { damagedMedia } from "../damaged.ts";
import type { MediaReader } from "../reader.ts";
import {
  ELEMENT_HEADER_LIMIT_BYTES,
  type ElementHeader,
  elementHeaderAt,
  elementsOf,
  fieldsOf,
  floatingPoint,
  unsignedInteger,
} from "./ebml.ts";
import { ElementId } from "./element-ids.ts";
import { type MatroskaTrack, parseTracks } from "./tracks.ts";

/** What stands in front of the media of a Matroska file. Offsets are those of the file. */
export interface MatroskaHeader {
  /** The byte that positions in SeekHead and Cues count from. */
  readonly segmentStart: number;
  /** Where the Segment ends, or the file if that ends before. */
  readonly segmentEnd: number;
  readonly timestampScaleNanoseconds: number;
  readonly durationSeconds: number | undefined;
  readonly tracks: readonly MatroskaTrack[];
  /** Where the Cues element starts, if the header tells. Not verified. */
  readonly cuesOffset: number | undefined;
  /** Where the Attachments element starts, if the header tells. Not verified. */
  readonly attachmentsOffset: number | undefined;
  /** Where the Chapters element starts, if the header tells. Not verified. */
  readonly chaptersOffset: number | undefined;
  /** Where the first Cluster starts; undefined if the walk ended before one. */
  readonly firstClusterOffset: number | undefined;
}

/** Info, SeekHead and their like hold a few hundred bytes. */
const SMALL_ELEMENT_LIMIT_BYTES = 1024 * 1024;
/** Tracks hold CodecPrivate, which for styled subtitles can be a whole style sheet per track. */
const TRACKS_LIMIT_BYTES = 8 * 1024 * 1024;
/** Elements walked over before the first Cluster: real files have about ten. */
const TOP_LEVEL_ELEMENTS_LIMIT = 200;

/** RFC 9559 §5.1.2.9: the default TimestampScale, a millisecond. */
const DEFAULT_TIMESTAMP_SCALE_NANOSECONDS = 1_000_000;

/**
 * Walks from the start of the file to its first Cluster (RFC 9559 §4.5, §6). Void, Tags, Attachments and Chapters are
 * stepped over by their size and not read; where Cues, Attachments and Chapters lie is only noted.
 * Throws `MediaError` `damaged_media` if there is no Segment or no readable list of tracks.
 */
export async function readMatroskaHeader(reader: MediaReader): Promise<MatroskaHeader> {
  const segment = await findSegment(reader);
  const found = await walkSegment(reader, segment);
  const [info, tracks] = await Promise.all([
    readNotedElement(reader, found, ElementId.info),
    readNotedElement(reader, found, ElementId.tracks),
  ]);
  if (tracks === undefined) throw damagedMedia("it has no list of tracks");
  const infoFields = fieldsOf(info ?? new Uint8Array(0));
  const timestampScaleNanoseconds =
    unsignedInteger(infoFields.get(ElementId.timestampScale)) || DEFAULT_TIMESTAMP_SCALE_NANOSECONDS;
  const durationTicks = floatingPoint(infoFields.get(ElementId.duration));
  return {
    segmentStart: segment.start,
    segmentEnd: segment.end,
    timestampScaleNanoseconds,
    durationSeconds: durationTicks === undefined ? undefined : (durationTicks * timestampScaleNanoseconds) / 1e9,
    tracks: parseTracks(tracks),
    cuesOffset: found.offsets.get(ElementId.cues),
    attachmentsOffset: found.offsets.get(ElementId.attachments),
    chaptersOffset: found.offsets.get(ElementId.chapters),
    firstClusterOffset: found.firstClusterOffset,
  };
}

/** Reads the header of the element at `offset`; undefined where there is none. */
export async function readElementHeader(reader: MediaReader, offset: number): Promise<ElementHeader | undefined> {
  return elementHeaderAt(await reader.bytes(offset, ELEMENT_HEADER_LIMIT_BYTES), 0);
}

interface Segment {
  readonly start: number;
  readonly end: number;
}

interface FoundElements {
  /** Contents read on the way, by ID. */
  readonly contents: Map<number, Uint8Array>;
  /** Where elements lie: seen on the way, or promised by a SeekHead. */
  readonly offsets: Map<number, number>;
  readonly firstClusterOffset: number | undefined;
}

/** The Segment follows the EBML header, perhaps after a Void (RFC 8794 §4.4). */
async function findSegment(reader: MediaReader): Promise<Segment> {
  let offset = 0;
  for (let count = 0; count < TOP_LEVEL_ELEMENTS_LIMIT && offset < reader.sizeBytes; count += 1) {
    const header = await readElementHeader(reader, offset);
    if (header === undefined) break;
    const start = offset + header.headerLengthBytes;
    const end = start + header.contentLengthBytes;
    // A live recording does not know the size of its Segment: it then ends with the file.
    if (header.id === ElementId.segment) return { start, end: Math.min(end, reader.sizeBytes) };
    offset = end;
  }
  throw damagedMedia("its Matroska header is not followed by a Segment");
}

/** Elements that are read in steps of their own. */
const NOTED_IDS: ReadonlySet<number> = new Set([ElementId.cues, ElementId.attachments, ElementId.chapters]);

async function walkSegment(reader: MediaReader, segment: Segment): Promise<FoundElements> {
  const contents = new Map<number, Uint8Array>();
  const offsets = new Map<number, number>();
  let offset = segment.start;
  for (let count = 0; count < TOP_LEVEL_ELEMENTS_LIMIT && offset < segment.end; count += 1) {
    const header = await readElementHeader(reader, offset);
    if (header === undefined) break;
    if (header.id === ElementId.cluster) return { contents, offsets, firstClusterOffset: offset };
    if (NOTED_IDS.has(header.id)) offsets.set(header.id, offset);
    if (header.id === ElementId.seekHead) {
      for (const [id, target] of parseSeekHead(await readContent(reader, offset, header), segment.start)) {
        // What a cut-off file promises beyond its end is not there.
        if (!offsets.has(id) && target < segment.end) offsets.set(id, target);
      }
    }
    if (header.id === ElementId.info || header.id === ElementId.tracks) {
      contents.set(header.id, await readContent(reader, offset, header));
    }
    offset += header.headerLengthBytes + header.contentLengthBytes;
  }
  return { contents, offsets, firstClusterOffset: undefined };
}

/** Seek entries as ID and file offset: SeekPosition counts from the first byte of the Segment's content (§5.1.1.1.2). */
function parseSeekHead(content: Uint8Array, segmentStart: number): [number, number][] {
  const entries: [number, number][] = [];
  for (const seek of elementsOf(content)) {
    if (seek.id !== ElementId.seek) continue;
    const fields = fieldsOf(seek.content);
    const id = unsignedInteger(fields.get(ElementId.seekId));
    const position = unsignedInteger(fields.get(ElementId.seekPosition));
    if (id !== undefined && position !== undefined) entries.push([id, segmentStart + position]);
  }
  return entries;
}

/** An element met on the way, or else where the SeekHead puts it: Tracks and Info may come after the Clusters. */
async function readNotedElement(
  reader: MediaReader,
  found: FoundElements,
  id: typeof ElementId.info | typeof ElementId.tracks,
): Promise<Uint8Array | undefined> {
  const offset = found.offsets.get(id);
  const content = found.contents.get(id);
  if (content !== undefined || offset === undefined) return content;
  const header = await readElementHeader(reader, offset);
  return header?.id === id ? readContent(reader, offset, header) : undefined;
}

async function readContent(reader: MediaReader, offset: number, header: ElementHeader): Promise<Uint8Array> {
  const limitBytes = header.id === ElementId.tracks ? TRACKS_LIMIT_BYTES : SMALL_ELEMENT_LIMIT_BYTES;
  const start = offset + header.headerLengthBytes;
  if (header.contentLengthBytes > limitBytes) throw damagedMedia("a part of its Matroska header is too large");
  if (start + header.contentLengthBytes > reader.sizeBytes) {
    throw damagedMedia("its Matroska header goes on beyond the end of the file");
  }
  return reader.bytes(start, header.contentLengthBytes);
}
