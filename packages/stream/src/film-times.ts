import type { ByteRange } from "@riptide/core";
import { type KeyIndex, type KeyIndexEntry, positionAt } from "@riptide/media";

/** Part of a film: `[startSeconds, endSeconds)`. */
export interface TimeRange {
  readonly startSeconds: number;
  readonly endSeconds: number;
}

/** Tells which parts of a film lie in ranges of its file. What is in order stays so, and parts that touch are one. */
export type FilmTimes = (ranges: readonly ByteRange[]) => readonly TimeRange[];

/**
 * Times by the places of a key index: exact at keyframes, by their share of the bytes between them. `end` is where the film ends.
 * Entries that go back in the file, as where it does not keep its tracks together, do not count.
 */
export function filmTimes(index: KeyIndex, end: KeyIndexEntry): FilmTimes {
  const places = growingPlaces([{ timeSeconds: 0, offsetBytes: 0 }, ...index, end]);
  const timeAt = (offsetBytes: number): number => {
    const position = positionAt(places, (place) => place.offsetBytes, offsetBytes);
    const [from, to] = [places[position]!, places[position + 1]];
    if (to === undefined) return from.timeSeconds;
    const share = (offsetBytes - from.offsetBytes) / (to.offsetBytes - from.offsetBytes);
    return from.timeSeconds + share * (to.timeSeconds - from.timeSeconds);
  };
  return (ranges) =>
    joined(ranges.map((range) => ({ startSeconds: timeAt(range.start), endSeconds: timeAt(range.end) })));
}

function growingPlaces(places: readonly KeyIndexEntry[]): KeyIndexEntry[] {
  const growing: KeyIndexEntry[] = [];
  for (const place of places) {
    const last = growing.at(-1);
    const isLater =
      last === undefined || (place.offsetBytes > last.offsetBytes && place.timeSeconds >= last.timeSeconds);
    if (isLater) growing.push(place);
  }
  return growing;
}

function joined(parts: readonly TimeRange[]): TimeRange[] {
  const whole: TimeRange[] = [];
  for (const { startSeconds, endSeconds } of parts) {
    const last = whole.at(-1);
    if (last !== undefined && startSeconds <= last.endSeconds) {
      whole[whole.length - 1] = { startSeconds: last.startSeconds, endSeconds: Math.max(last.endSeconds, endSeconds) };
    } else if (endSeconds > startSeconds) {
      whole.push({ startSeconds, endSeconds });
    }
  }
  return whole;
}
