import { positionAt } from "./position-at.ts";

/** A place where playback can start: a keyframe and the byte from which a demuxer finds it. */
export interface KeyIndexEntry {
  readonly timeSeconds: number;
  readonly offsetBytes: number;
}

/** Where playback can start, sorted by time; no two entries share an offset. Never empty. */
export type KeyIndex = readonly KeyIndexEntry[];

/** The last entry at or before `timeSeconds`; the first one for a time before all of them. */
export function keyIndexEntryAt(index: KeyIndex, timeSeconds: number): KeyIndexEntry | undefined {
  return index[positionAt(index, (entry) => entry.timeSeconds, timeSeconds)];
}

/** Playing time over which the rate is taken: a single group of pictures may hold many times the bytes of the next. */
const RATE_SECONDS = 10;

/**
 * How many bytes play in a second from a place in the file on, over the next ten seconds or so. `end` is where the film ends.
 * Undefined if the index does not tell, as where it and the film are not of one mind.
 */
export function bytesPerSecondAt(index: KeyIndex, end: KeyIndexEntry, offsetBytes: number): number | undefined {
  const from = index[positionAt(index, (entry) => entry.offsetBytes, offsetBytes)];
  if (from === undefined) return undefined;
  const last = positionAt(index, (entry) => entry.timeSeconds, from.timeSeconds + RATE_SECONDS);
  const to = index[last + 1] ?? end;
  const rate = (to.offsetBytes - from.offsetBytes) / (to.timeSeconds - from.timeSeconds);
  return rate > 0 && Number.isFinite(rate) ? rate : undefined;
}
