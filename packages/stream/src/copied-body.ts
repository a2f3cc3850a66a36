import { MediaError, type StreamContext } from "@riptide/core";
import { type CodedTrack, concatenate, initSegment, isMuxable, type MediaInfo } from "@riptide/media";
import type { RemuxPlan } from "@riptide/transcode";
import { chosenAudio, chosenVideo } from "./chosen-tracks.ts";
import { type FilmPart, filmFragments } from "./film-fragments.ts";
import type { Film, FilmLibrary } from "./film-library.ts";
import { codedTrackOf, prepareFilm } from "./film-tracks.ts";
import { generatedBody } from "./generated-body.ts";
import type { MediaLibrary } from "./media-library.ts";
import { stretchFrom } from "./start-time.ts";

/** A film, and those of its tracks that our own muxer copies as they are. */
export interface CopiedFilm {
  readonly film: Film;
  readonly tracks: readonly CodedTrack[];
}

/**
 * What is copied to remux a file without ffmpeg; undefined if the plan converts something, or if we cannot read the file.
 * @param audioIndex the sound that the plan was made for
 */
export async function copiedFilm(
  plan: RemuxPlan,
  { info, audioIndex }: { readonly info: MediaInfo; readonly audioIndex: number | undefined },
  films: FilmLibrary,
  context: StreamContext,
): Promise<CopiedFilm | undefined> {
  if (plan.video?.codec === "h264" || plan.audio?.codec === "aac") return undefined;
  const film = await films.film(info.container, context);
  if (film === undefined) return undefined;
  // Not those of the plan: ffmpeg counts the tracks of transport streams in its own way.
  const chosen = [chosenVideo(info), chosenAudio(info, audioIndex)];
  const wanted = info.tracks.filter((track) => chosen.some((one) => one === track));
  const tracks = wanted.flatMap((track) => codedTrackOf(film, track) ?? []);
  return tracks.length === wanted.length && tracks.every(isMuxable) ? { film, tracks } : undefined;
}

/**
 * Fragmented MP4 from the keyframe at or before `startSeconds` on, at the times of the film. Resolves with what starts it once
 * it is known where that is.
 */
export async function copiedBody(
  copied: CopiedFilm,
  startSeconds: number,
  { films, library, context }: { films: FilmLibrary; library: MediaLibrary; context: StreamContext },
): Promise<() => Promise<ReadableStream<Uint8Array>>> {
  const stretch = await stretchFrom(startSeconds, copied.film, films, context);
  const bytesPerSecond = library.bytesPerSecond(context);
  return async () => {
    const part = { ...(await prepareFilm(films, copied, context)), stretch, isEntered: stretch.from !== undefined };
    return generatedBody(
      (signal) => withInitialization(part, filmFragments(part, context, { signal, bytesPerSecond })),
      context,
    );
  };
}

/** It comes with the first fragment: alone it plays nothing, and until then a failure, or an empty film, can be told by a status. */
async function* withInitialization(
  { film, tracks }: FilmPart,
  fragments: AsyncGenerator<Uint8Array, void>,
): AsyncGenerator<Uint8Array, void> {
  const mux = tracks.map((track) => track.mux);
  let ahead: Uint8Array | undefined = initSegment(mux, film.demuxer);
  for await (const fragment of fragments) {
    yield ahead === undefined ? fragment : concatenate([ahead, fragment]);
    ahead = undefined;
  }
  if (ahead !== undefined) throw new MediaError("damaged_media", NOTHING_FOUND);
}

const NOTHING_FOUND = "This file holds nothing to play from there on. Try another copy of it.";
