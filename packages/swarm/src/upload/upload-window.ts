import { BLOCK_LENGTH_BYTES } from "../types.ts";

/** As little as keeps a connection busy while the next blocks are read. */
export const MIN_UPLOAD_WINDOW_BYTES = 2 * BLOCK_LENGTH_BYTES;
/** With as much on top that is still being taken, 1 MiB of memory for each peer. */
export const MAX_UPLOAD_WINDOW_BYTES = 32 * BLOCK_LENGTH_BYTES;
/** Whatever else we say to the peer waits behind what it is sent: our requests, and that we take some back. */
const MAX_WAIT_MS = 250;
/** Twice as much will still be taken soon enough. */
const SHORT_WAIT_MS = 100;

/**
 * How much is handed to a connection at once, after `sentMs` it took the peer to take the last lot: less for who is slow. In a swarm
 * where all are downloading, those who take from us are those who give to us.
 */
export function nextUploadWindow(windowBytes: number, sentMs: number): number {
  if (sentMs > MAX_WAIT_MS) return Math.max(MIN_UPLOAD_WINDOW_BYTES, windowBytes / 2);
  if (sentMs < SHORT_WAIT_MS) return Math.min(MAX_UPLOAD_WINDOW_BYTES, windowBytes * 2);
  return windowBytes;
}
