import { type ByteRange, MediaError, rangeLength, type StreamContext } from "@riptide/core";
import {
  type Demuxer,
  initSegment,
  type MuxTrack,
  type Segment,
  type SegmentPlan,
  segmentIndexBox,
} from "@riptide/media";
import type { FilmLibrary } from "../film-library.ts";
import type { PreparedFilm } from "../film-tracks.ts";
import { SequentialReader } from "../sequential-reader.ts";
import { FREE_BYTES, freeHeader } from "./free-box.ts";
import { segmentBudgetBytes } from "./segment-budget.ts";

/**
 * What a segment may take: it is held in memory as a whole, since its `moof` tells the sizes of all its samples. Four seconds
 * at 128 Mb/s, more than any disc has.
 */
const SEGMENT_LIMIT_BYTES = 64 * 1024 * 1024;

/**
 * Segments begin at multiples of this. Chromium asks for aligned blocks of this size: for a seek it would get the end of the
 * segment before, all of which has to be fetched for that.
 */
const ALIGNMENT_BYTES = 32 * 1024;

/** A segment of the film and its place in the virtual file. */
export interface PlacedSegment extends Segment {
  /** What it is made of. */
  readonly sources: readonly ByteRange[];
  /** Where it lies. */
  readonly range: ByteRange;
}

/**
 * A film as a file of fragmented MP4: `ftyp`, `moov`, `free` and `sidx`, then of each segment one `moof` and its `mdat`, which holds
 * padding too.
 */
export interface FilmLayout extends PreparedFilm {
  readonly head: Uint8Array;
  readonly segments: readonly PlacedSegment[];
  readonly sizeBytes: number;
}

/**
 * Rejects with `MediaError` `not_seekable` if the film has no index, or one whose segments are too large to be held; and with
 * what the provider rejects with.
 */
export async function layOutFilm(
  prepared: PreparedFilm,
  films: FilmLibrary,
  context: StreamContext,
): Promise<FilmLayout> {
  const { film, tracks } = prepared;
  const plan = await films.segments(film, context);
  if (plan === undefined) throw notAddressable("it has no index");
  const mux = tracks.map((track) => track.mux);
  const sized = await Promise.all(plan.map((segment) => sizeSegment(segment, film.demuxer, mux, context)));
  if (!sized.every(({ lengthBytes }) => lengthBytes <= SEGMENT_LIMIT_BYTES)) {
    throw notAddressable("its keyframes are too far apart, or its frames are compressed");
  }
  const head = headOf(initSegment(mux, film.demuxer), indexOf(plan, sized, mux[0]!));
  let position = head.length;
  const segments = sized.map(({ segment, sources, lengthBytes }) => {
    const range = { start: position, end: position + lengthBytes };
    position = range.end;
    return { ...segment, sources, range };
  });
  return { film, tracks, head, segments, sizeBytes: position };
}

interface SizedSegment {
  readonly segment: Segment;
  readonly sources: readonly ByteRange[];
  readonly lengthBytes: number;
}

async function sizeSegment(
  segment: Segment,
  demuxer: Demuxer,
  tracks: readonly MuxTrack[],
  context: StreamContext,
): Promise<SizedSegment> {
  const sources = await sourcesOf(segment, demuxer, tracks, context);
  const sourceBytes = sources.reduce((sum, range) => sum + rangeLength(range), 0);
  const durationSeconds = segment.endSeconds - segment.startSeconds;
  return { segment, sources, lengthBytes: aligned(segmentBudgetBytes({ sourceBytes, durationSeconds }, tracks)) };
}

/** Which bytes a segment needs, as the demuxer would open them; nothing is read. */
async function sourcesOf(
  { stretch }: Segment,
  demuxer: Demuxer,
  tracks: readonly MuxTrack[],
  { provider, signal }: StreamContext,
): Promise<readonly ByteRange[]> {
  let opened: readonly ByteRange[] = [];
  const open = (ranges: readonly ByteRange[]): SequentialReader => {
    opened = ranges;
    return new SequentialReader(provider, [], { signal });
  };
  const numbers = new Set(tracks.map(({ coded }) => coded.number));
  const packets = demuxer.packets({ stretch, tracks: numbers, open, signal });
  await packets.next();
  return opened;
}

/** The index lies right in front of the media that it counts from. */
function headOf(init: Uint8Array, index: Uint8Array): Uint8Array {
  const head = new Uint8Array(aligned(init.length + FREE_BYTES + index.length));
  head.set(init);
  head.set(freeHeader(head.length - init.length - index.length), init.length);
  head.set(index, head.length - index.length);
  return head;
}

function aligned(lengthBytes: number): number {
  return Math.ceil(lengthBytes / ALIGNMENT_BYTES) * ALIGNMENT_BYTES;
}

/** The durations add up to the time of each segment, however they are rounded. */
function indexOf(
  plan: SegmentPlan,
  sized: readonly SizedSegment[],
  { id, coded: { timescale } }: MuxTrack,
): Uint8Array {
  const subsegments = sized.map(({ segment, lengthBytes }) => ({
    lengthBytes,
    durationTicks: Math.round(segment.endSeconds * timescale) - Math.round(segment.startSeconds * timescale),
  }));
  const startTicks = Math.round(plan[0].startSeconds * timescale);
  return segmentIndexBox({ trackId: id, timescale, startTicks, subsegments });
}

function notAddressable(why: string): MediaError {
  return new MediaError(
    "not_seekable",
    `This film cannot be made into a file of fixed length: ${why}. Play it by remux.mp4.`,
  );
}
