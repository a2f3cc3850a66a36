import { MediaError } from "@riptide/core";

/** A part of a film by its times, `[fromSeconds, toSeconds)`. Without an end, that is infinite. */
export interface FilmWindow {
  readonly fromSeconds: number;
  readonly toSeconds: number;
}

/** The window that `from` and `to` of a query name: without them, the whole film. Only numbers leave this function. */
export function windowOf(parameters: URLSearchParams): FilmWindow {
  const fromSeconds = secondsOf(parameters.get("from") ?? "0");
  const end = parameters.get("to");
  const toSeconds = end === null ? Number.POSITIVE_INFINITY : secondsOf(end);
  if (fromSeconds < toSeconds) return { fromSeconds, toSeconds };
  throw new MediaError("not_seekable", "The times from and to must be numbers of seconds, such as from=90&to=120.5.");
}

/** NaN, which is before nothing and after nothing, for what is no time. */
function secondsOf(text: string): number {
  return /^\d{1,7}(\.\d{1,20})?$/.test(text) ? Number(text) : Number.NaN;
}
