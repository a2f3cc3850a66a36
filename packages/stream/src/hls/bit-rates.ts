import { type PlaylistSegment, targetDurationSeconds } from "./media-playlist.ts";

/** How many bits a second of a playlist takes. */
export interface BitRates {
  readonly peakBitsPerSecond: number;
  readonly averageBitsPerSecond: number;
}

export interface SizedSegment extends PlaylistSegment {
  readonly lengthBytes: number;
}

/** A longer run of segments within a window of time says nothing new, and looking at all of them would take n² steps. */
const RUN_LIMIT_SEGMENTS = 100;

/**
 * The peak and the average segment bit rate of a playlist, as RFC 8216 §4.1 defines them: the peak is the highest rate of any
 * run of segments that lasts between half and one and a half times the target duration.
 */
export function bitRates(segments: readonly SizedSegment[]): BitRates {
  const target = targetDurationSeconds(segments);
  const average = rate(
    sum(segments, ({ lengthBytes }) => lengthBytes),
    sum(segments, durationOf),
  );
  const peak = segments.reduce((most, _, first) => Math.max(most, fullestRun(segments, first, target)), average);
  return { peakBitsPerSecond: Math.ceil(peak), averageBitsPerSecond: Math.ceil(average) };
}

/** The highest rate of the runs that start with a segment. */
function fullestRun(segments: readonly SizedSegment[], first: number, targetSeconds: number): number {
  const end = Math.min(segments.length, first + RUN_LIMIT_SEGMENTS);
  let highest = 0;
  let bytes = 0;
  let seconds = 0;
  for (let number = first; number < end && seconds <= 1.5 * targetSeconds; number += 1) {
    const segment = segments[number]!;
    bytes += segment.lengthBytes;
    seconds += durationOf(segment);
    const isCounted = seconds >= 0.5 * targetSeconds && seconds <= 1.5 * targetSeconds;
    if (isCounted) highest = Math.max(highest, rate(bytes, seconds));
  }
  return highest;
}

function durationOf({ startSeconds, endSeconds }: PlaylistSegment): number {
  return endSeconds - startSeconds;
}

function rate(bytes: number, seconds: number): number {
  return seconds > 0 ? (bytes * 8) / seconds : 0;
}

function sum<Item>(items: readonly Item[], valueOf: (item: Item) => number): number {
  return items.reduce((total, item) => total + valueOf(item), 0);
}
