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
  let peak = average;
  for (let first = 0; first < segments.length; first += 1) {
    let bytes = 0;
    let seconds = 0;
    for (const segment of segments.slice(first, first + RUN_LIMIT_SEGMENTS)) {
      bytes += segment.lengthBytes;
      seconds += durationOf(segment);
      if (seconds > 1.5 * target) break;
      if (seconds >= 0.5 * target) peak = Math.max(peak, rate(bytes, seconds));
    }
  }
  return { peakBitsPerSecond: Math.ceil(peak), averageBitsPerSecond: Math.ceil(average) };
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
