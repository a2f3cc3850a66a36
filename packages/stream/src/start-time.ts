import { type ByteRange, MediaError, type StreamContext } from "@riptide/core";
import type { MediaInfo } from "@riptide/media";
import type { FilmLibrary } from "./film-library.ts";

/**
 * The ranges of a file that a demuxer must be fed, one after the other, to play from `startSeconds`: all of it from the start;
 * for a later time in Matroska or WebM, the head up to the first Cluster, and everything from the Cluster at or before
 * that time. Nothing in between is needed.
 *
 * Rejects with `MediaError` `not_seekable` if the time is beyond the end, or if the file cannot be entered in the middle.
 */
export async function rangesFrom(
  startSeconds: number,
  info: MediaInfo,
  context: StreamContext,
  films: FilmLibrary,
): Promise<ByteRange[]> {
  const whole = { start: 0, end: context.provider.sizeBytes };
  if (startSeconds === 0) return [whole];
  assertBeforeEnd(startSeconds, info);
  const film = await films.film(info.container, context);
  if (film?.demuxer.headEndBytes === undefined) {
    throw notSeekable("Only Matroska and WebM files can be converted from the middle. Start at the beginning.");
  }
  const entry = await films.entryAt(film, startSeconds, context);
  if (entry === undefined) throw noUsableIndex();
  return [
    { start: 0, end: film.demuxer.headEndBytes },
    { start: entry.offsetBytes, end: whole.end },
  ];
}

/** Throws `not_seekable` for a time at which the film has ended. */
export function assertBeforeEnd(
  startSeconds: number,
  { durationSeconds = Number.POSITIVE_INFINITY }: { readonly durationSeconds: number | undefined },
): void {
  if (startSeconds < durationSeconds) return;
  throw notSeekable(`This file ends after ${Math.floor(durationSeconds)} seconds. Choose an earlier time.`);
}

export function noUsableIndex(): MediaError {
  return notSeekable("This file has no usable index, so it can only be played from the start.");
}

function notSeekable(message: string): MediaError {
  return new MediaError("not_seekable", message);
}
