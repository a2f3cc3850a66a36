import type { TimeRange } from "../playback/feed-plan.ts";

/** Where a range lies on a bar, in shares of its width. */
export interface BarRange {
  readonly fromShare: number;
  readonly widthShare: number;
}

/** More than a bar of some hundred points shows. */
const RANGES_MAX = 400;

/** Ranges of a film's time on a bar: cut to it, and joined where nobody could see a gap. */
export function rangesOnBar(ranges: readonly TimeRange[], durationSeconds: number): BarRange[] {
  if (!(durationSeconds > 0) || !Number.isFinite(durationSeconds)) return [];
  const seamSeconds = durationSeconds / RANGES_MAX;
  const joined: { startSeconds: number; endSeconds: number }[] = [];
  for (const range of ranges) {
    const startSeconds = Math.max(0, range.startSeconds);
    const endSeconds = Math.min(durationSeconds, range.endSeconds);
    if (endSeconds <= startSeconds) continue;
    const last = joined.at(-1);
    if (last !== undefined && startSeconds - last.endSeconds < seamSeconds) {
      last.endSeconds = Math.max(last.endSeconds, endSeconds);
    } else joined.push({ startSeconds, endSeconds });
  }
  return joined.map(({ startSeconds, endSeconds }) => ({
    fromShare: startSeconds / durationSeconds,
    widthShare: (endSeconds - startSeconds) / durationSeconds,
  }));
}

/** Until when a film can be played from a position without waiting; the position itself if it cannot. */
export function endOfAvailable(ranges: readonly TimeRange[], positionSeconds: number): number {
  const range = ranges.find((each) => each.startSeconds <= positionSeconds && each.endSeconds > positionSeconds);
  return range?.endSeconds ?? positionSeconds;
}
