import { type ByteRange, MediaError, type StreamContext } from "@riptide/core";
import type { KeyIndexEntry, MediaInfo, Stretch } from "@riptide/media";
import type { Film, FilmLibrary } from "./film-library.ts";

/**
 * The stretch of a film that plays from `startSeconds` to its end: all of it from the start, or from the place where it can be
 * entered at or before a later time.
 *
 * Rejects with `MediaError` `not_seekable` if the time is beyond the end, or if no place can be found.
 */
export async function stretchFrom(
  startSeconds: number,
  film: Film,
  films: FilmLibrary,
  context: StreamContext,
): Promise<Stretch> {
  const from = startSeconds === 0 ? undefined : await entryFor(startSeconds, film, films, context);
  return { from, to: undefined };
}

/**
 * The ranges of a file that ffmpeg's demuxer must be fed, one after the other, to play from `startSeconds`: all of it from the start;
 * for a later time in Matroska or WebM, the head up to the first Cluster, and everything from the Cluster at or before
 * that time. Nothing in between is needed.
 *
 * Rejects like `stretchFrom`, and with `not_seekable` for other containers.
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
  if (film?.demuxer.headEndBytes === undefined) throw notSeekable(ONLY_FROM_THE_START);
  const entry = await entryFor(startSeconds, film, films, context);
  return [
    { start: 0, end: film.demuxer.headEndBytes },
    { start: entry.offsetBytes, end: whole.end },
  ];
}

async function entryFor(
  startSeconds: number,
  film: Film,
  films: FilmLibrary,
  context: StreamContext,
): Promise<KeyIndexEntry> {
  assertBeforeEnd(startSeconds, film.demuxer);
  const entry = await films.entryAt(film, startSeconds, context);
  if (entry === undefined) throw noUsableIndex();
  return entry;
}

const ONLY_FROM_THE_START = "This kind of file can only be converted from its beginning. Start there.";

/** Throws `not_seekable` for a time at which the film has ended. */
function assertBeforeEnd(
  startSeconds: number,
  { durationSeconds = Number.POSITIVE_INFINITY }: { readonly durationSeconds: number | undefined },
): void {
  if (startSeconds < durationSeconds) return;
  throw notSeekable(`This file ends after ${Math.floor(durationSeconds)} seconds. Choose an earlier time.`);
}

function noUsableIndex(): MediaError {
  return notSeekable("This file has no usable index, so it can only be played from the start.");
}

function notSeekable(message: string): MediaError {
  return new MediaError("not_seekable", message);
}
