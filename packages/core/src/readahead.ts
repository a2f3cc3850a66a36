import type { ByteRange } from "./byte-range.ts";

/**
 * Smallest window. A viewer may fetch 2 MB before the first picture. The largest film measured needs 1.14 MB of source
 * for it (8 Mb/s, AV1 with FLAC); the index at the far end and the last piece begun cost up to a piece of 256 KiB each;
 * this much is left. It is also what a swarm of 2 MB/s has under way at 125 ms from request to answer.
 */
export const READAHEAD_MIN_BYTES = 256 * 1024;
/**
 * Largest window: what one stream may ask the swarm to hold ready in front of its read head. A swarm of 2 MB/s is kept
 * busy for 16 s by it while the player does not read, and two whole pieces of the largest common size (16 MiB) fit.
 */
export const READAHEAD_MAX_BYTES = 32 * 1024 * 1024;
/** Bytes read in one go before the window grows: by then the first picture is there. */
const COLD_START_BYTES = 1024 * 1024;
/** Playing time that is enough: it outlasts two choking rounds (BEP 3: ten seconds), so losing a good peer is not seen. */
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
  /** Bytes from the read head on that will be read in any case, and as soon as they come. */
  readonly neededBytes?: number;
}

/**
 * The window in front of a read head that should be fetched before it is asked for.
 *
 * It grows by what is read after the cold start, so it is never larger than what has been used: a probe pulls next to
 * nothing out of the swarm, a seek wastes at most as much as was watched, and soon it holds more than a piece and the
 * answers under way, which keeps the swarm busy. It ends at twenty seconds of playing time, where the rate is known.
 * What is needed in any case is in it from the start: piece by piece, a round trip would be lost at the end of each.
 */
export function readaheadWindow(state: ReadaheadState): ByteRange {
  const grown = READAHEAD_MIN_BYTES + Math.max(0, state.sequentialBytes - COLD_START_BYTES);
  const wanted = Math.max(grown, state.neededBytes ?? 0);
  const size = Math.ceil(Math.min(wanted, Math.max(READAHEAD_MIN_BYTES, enoughBytes(state.bytesPerSecond))));
  return { start: state.readHead, end: Math.max(state.readHead, Math.min(state.end, state.readHead + size)) };
}

/** A rate comes from untrusted media, so it may be nonsense: then it is as good as none. */
function enoughBytes(bytesPerSecond = 0): number {
  return bytesPerSecond > 0 ? Math.min(READAHEAD_MAX_BYTES, bytesPerSecond * READAHEAD_SECONDS) : READAHEAD_MAX_BYTES;
}
