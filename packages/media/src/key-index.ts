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
