import type { ByteRange } from "@riptide/core";
import { damagedMedia } from "./damaged.ts";
import type { Stretch } from "./demuxer.ts";
import type { KeyIndex, KeyIndexEntry } from "./key-index.ts";
import { positionAt } from "./position-at.ts";

/** A part of a film that is fetched as one: from one keyframe of its index to a later one. */
export interface Segment {
  /** From 0. */
  readonly number: number;
  /** The time of the keyframe that it starts with; 0 for the first one, whatever time its first packet has. */
  readonly startSeconds: number;
  /** Where the next segment starts, or the end of the film. */
  readonly endSeconds: number;
  readonly stretch: Stretch;
}

/** A film in segments, in order and without gaps: from time 0 to its duration, from its first packet to its last. */
export type SegmentPlan = readonly [Segment, ...Segment[]];

export interface SegmentPlanOptions {
  /** Keyframes that follow a cut within this time are no cuts. */
  readonly shortestSeconds?: number;
}

/** A segment costs a request: scene cuts and films of keyframes only are put together up to this length. */
const SHORTEST_SEGMENT_SECONDS = 1;
/** One each second for more than five hours. A playlist of so many lines is a megabyte; films with more get longer segments. */
const SEGMENTS_LIMIT = 20_000;
/** Ten thousand hours: longer than any film, and short enough that microseconds are exact. */
const DURATION_LIMIT_SECONDS = 36_000_000;

/**
 * Cuts a film at keyframes of its index, and only there: nothing is split, and what would become shorter than
 * `shortestSeconds` stays with the segment before it, at the end of the film too. The same index and duration always give the
 * same plan.
 *
 * The first entry is no cut: what lies before it may be nothing, and a segment is never empty. Entries that lie outside of the
 * film, or that go back in the file, are not used either. Throws `MediaError` `damaged_media` if the duration is none.
 */
export function planSegments(
  index: KeyIndex,
  durationSeconds: number,
  { shortestSeconds = SHORTEST_SEGMENT_SECONDS }: SegmentPlanOptions = {},
): SegmentPlan {
  if (!(durationSeconds > 0)) throw damagedMedia(`it says that it plays for ${durationSeconds} seconds`);
  const endSeconds = Math.min(durationSeconds, DURATION_LIMIT_SECONDS);
  const cuts = cutsOf(index, endSeconds, shortestSeconds);
  const segment = (number: number, from: KeyIndexEntry | undefined): Segment => ({
    number,
    startSeconds: from?.timeSeconds ?? 0,
    endSeconds: cuts[number]?.timeSeconds ?? endSeconds,
    stretch: { from, to: cuts[number] },
  });
  return [segment(0, undefined), ...cuts.map((entry, position) => segment(position + 1, entry))];
}

/** The segment that plays at `timeSeconds`; the first one before the film, the last one from its end on. */
export function segmentAt(plan: SegmentPlan, timeSeconds: number): Segment {
  return plan[positionAt(plan, ({ startSeconds }) => startSeconds, timeSeconds)] ?? plan[0];
}

/** How many bytes of the file a segment takes, all tracks together, if its packets lie in `media`. */
export function segmentLengthBytes({ stretch }: Segment, media: ByteRange): number {
  const start = stretch.from?.offsetBytes ?? media.start;
  const end = stretch.to?.offsetBytes ?? media.end;
  return Math.max(0, end - start);
}

function cutsOf(index: KeyIndex, endSeconds: number, shortestSeconds: number): KeyIndexEntry[] {
  const cuts: KeyIndexEntry[] = [];
  const spacingSeconds = Math.max(shortestSeconds, indexedSeconds(index, endSeconds) / (SEGMENTS_LIMIT - 1));
  let previousSeconds = 0;
  let previousOffset = index[0]?.offsetBytes ?? 0;
  for (const entry of index) {
    const { timeSeconds, offsetBytes } = entry;
    // A NaN compares as false: it is no cut.
    const isFarEnough = timeSeconds - previousSeconds >= spacingSeconds && endSeconds - timeSeconds >= shortestSeconds;
    if (!isFarEnough || !(offsetBytes > previousOffset)) continue;
    cuts.push(entry);
    previousSeconds = timeSeconds;
    previousOffset = offsetBytes;
  }
  return cuts;
}

/** What the index covers, and not what the film claims: a wrong duration must not make the segments of a short film long. */
function indexedSeconds(index: KeyIndex, endSeconds: number): number {
  const last = index.findLast(({ timeSeconds }) => timeSeconds <= endSeconds);
  return last?.timeSeconds ?? 0;
}
