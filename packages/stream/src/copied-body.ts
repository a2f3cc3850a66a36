import type { StreamContext } from "@riptide/core";
import { initSegment, isMuxable, type MediaInfo, type Stretch } from "@riptide/media";
import type { RemuxPlan } from "@riptide/transcode";
import { filmFragments } from "./film-fragments.ts";
import type { Film, FilmLibrary } from "./film-library.ts";
import { codedTrackOf, type PreparedTrack, prepareTrack } from "./film-tracks.ts";
import { generatedBody } from "./generated-body.ts";
import type { MediaLibrary } from "./media-library.ts";
import { assertBeforeEnd, noUsableIndex } from "./start-time.ts";

/** A film whose tracks our own muxer copies as they are. */
export interface CopiedFilm {
  readonly film: Film;
  readonly tracks: readonly PreparedTrack[];
}

/** What it takes to remux a file without ffmpeg; undefined if the plan converts something, or if we cannot read the file. */
export async function copiedFilm(
  plan: RemuxPlan,
  info: MediaInfo,
  films: FilmLibrary,
  context: StreamContext,
): Promise<CopiedFilm | undefined> {
  const { video, audio } = plan;
  if (video?.codec === "h264" || (audio !== undefined && audio.codec !== "copy")) return undefined;
  const film = await films.film(info.container, context);
  if (film === undefined) return undefined;
  const wanted = info.tracks.filter(
    ({ kind, index }) => (kind === "video" && index === video?.index) || (kind === "audio" && index === audio?.index),
  );
  const coded = wanted.flatMap((track) => codedTrackOf(film, track) ?? []);
  if (coded.length < wanted.length || !coded.every(isMuxable)) return undefined;
  const tracks = await Promise.all(
    coded.map((track, position) => prepareTrack(films, film, { coded: track, id: position + 1 }, context)),
  );
  return { film, tracks };
}

/**
 * Fragmented MP4 from the keyframe at or before `startSeconds` on, at the times of the film. Resolves with what starts it once
 * it is known where that is.
 */
export async function copiedBody(
  { film, tracks }: CopiedFilm,
  startSeconds: number,
  { films, library, context }: { films: FilmLibrary; library: MediaLibrary; context: StreamContext },
): Promise<() => Promise<ReadableStream<Uint8Array>>> {
  const stretch = await stretchFrom(startSeconds, film, films, context);
  const bytesPerSecond = library.bytesPerSecond(context);
  const mux = tracks.map((track) => track.mux);
  async function* chunks(signal: AbortSignal): AsyncGenerator<Uint8Array, void> {
    yield initSegment(mux, film.demuxer);
    yield* filmFragments({ film, tracks, stretch }, context.provider, { signal, bytesPerSecond });
  }
  return () => generatedBody(chunks, context);
}

async function stretchFrom(
  startSeconds: number,
  film: Film,
  films: FilmLibrary,
  context: StreamContext,
): Promise<Stretch> {
  if (startSeconds === 0) return { from: undefined, to: undefined };
  assertBeforeEnd(startSeconds, film.demuxer);
  const from = await films.entryAt(film, startSeconds, context);
  if (from === undefined) throw noUsableIndex();
  return { from, to: undefined };
}
