/** A first error may be a hiccup; a server that stays broken is asked a dozen times an hour. */
const FIRST_RETRY_MS = 1_000;
const LAST_RETRY_MS = 300_000;
/** A server may ask for more patience (429, 503), but not for ever. */
const MAX_REQUESTED_WAIT_MS = 3_600_000;
/** RFC 9110 §10.2.3: seconds, or a date. */
const DELAY_SECONDS = /^\d{1,9}$/;

/** How long a web seed rests after its `failures`-th error in a row (from 1), or for as long as the server asked. */
export function retryDelayMs(failures: number, requestedMs = 0): number {
  const ownMs = Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(failures - 1, 16));
  return Math.max(ownMs, Math.min(requestedMs, MAX_REQUESTED_WAIT_MS));
}

/** Milliseconds that a Retry-After header asks for; undefined if it says nothing that can be understood. `wallMs`: since 1970. */
export function readRetryAfter(header: string | undefined, wallMs: number): number | undefined {
  const text = header?.trim() ?? "";
  if (DELAY_SECONDS.test(text)) return Number(text) * 1_000;
  const dateMs = Date.parse(text);
  return Number.isNaN(dateMs) ? undefined : Math.max(0, dateMs - wallMs);
}
