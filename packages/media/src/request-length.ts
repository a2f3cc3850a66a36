/** Asked for at most, however much is wanted in one piece: so much more than that would only be held twice. */
export const REQUEST_LIMIT_BYTES = 1024 * 1024;
/**
 * A request for what need not be waited for is at most this share of what was read in one go: no more than the start of a film
 * needs is read for it, and a reader that keeps going soon asks for a whole chunk at a time.
 */
const READ_SHARE = 8;

/** How much to take of what is there already, after so many bytes were read without passing any over. */
export function readyLimitBytes(sequentialBytes: number): number {
  return Math.min(REQUEST_LIMIT_BYTES, Math.floor(sequentialBytes / READ_SHARE));
}
