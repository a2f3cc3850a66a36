import type { ByteRange } from "./byte-range.ts";

/** Smallest window: enough for the first picture of most films, under the 2 MB that may be fetched before it. */
export const READAHEAD_MIN_BYTES = 512 * 1024;
/** Largest window: what one stream may ask the swarm to hold ready in front of its read head. */
export const READAHEAD_MAX_BYTES = 32 * 1024 * 1024;
/** Without a known bitrate the window is this share of what has been read in one go: a probe stays small. */
const READAHEAD_SHARE = 0.5;
/** With a known bitrate the window is this much playing time. */
const READAHEAD_SECONDS = 20;

export interface ReadaheadState {
  /** Offset of the next byte that will be read. */
  readonly readHead: number;
  /** First byte the reader will not read: the end of its range, at most the end of the file. */
  readonly end: number;
  /** Bytes read in one go since the reader started or last seeked. */
  readonly sequentialBytes: number;
  /** How fast the media plays there, if it is known. */
  readonly bytesPerSecond?: number;
}

/**
 * The window in front of a read head that should be fetched before it is asked for.
 * Grows with what was read in one go, so that a probe of a few bytes never pulls megabytes out of the swarm.
 */
export function readaheadWindow(state: ReadaheadState): ByteRange {
  const wanted =
    state.bytesPerSecond === undefined
      ? state.sequentialBytes * READAHEAD_SHARE
      : Math.min(state.bytesPerSecond * READAHEAD_SECONDS, READAHEAD_MIN_BYTES + state.sequentialBytes);
  const size = Math.min(READAHEAD_MAX_BYTES, Math.max(READAHEAD_MIN_BYTES, Math.ceil(wanted)));
  return { start: state.readHead, end: Math.max(state.readHead, Math.min(state.end, state.readHead + size)) };
}
