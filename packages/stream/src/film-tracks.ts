import type { StreamContext } from "@riptide/core";
import { type CodedTrack, type MuxTrack, needsFirstPacket, type Track } from "@riptide/media";
import type { Film, FilmLibrary } from "./film-library.ts";

/** A track of a film as our muxer writes it, and where its sound begins in the whole film. */
export interface PreparedTrack {
  readonly mux: MuxTrack;
  readonly originTicks: number | undefined;
}

/** Tracks of a film that go into one output, ready for our muxer. */
export interface PreparedFilm {
  readonly film: Film;
  readonly tracks: readonly PreparedTrack[];
}

/** The track of a film that its media info speaks of; undefined if it cannot be read. */
export function codedTrackOf({ demuxer }: Film, { kind, index }: Track): CodedTrack | undefined {
  return demuxer.tracks.find(({ track }) => track.kind === kind && track.index === index);
}

/** A track of the output, and `id`, its place there, from 1. */
interface TrackPlace {
  readonly coded: CodedTrack;
  readonly id: number;
}

/** Looks at the first packet of a track only where nothing else tells how its decoder is configured. */
export async function muxTrackOf(
  films: FilmLibrary,
  film: Film,
  { coded, id }: TrackPlace,
  context: StreamContext,
): Promise<MuxTrack> {
  const { codec } = coded.track;
  const isLookedAt = needsFirstPacket(coded) || codec === "vp8" || codec === "vp9";
  const packet = isLookedAt ? await films.firstPacket(film, coded.number, context) : undefined;
  return { id, coded, firstPacket: packet?.data };
}

/**
 * All that it takes to write fragments of a track: where a container rounds the times of sound, also its first packet, from
 * which its frames lie on a grid.
 */
export async function prepareTrack(
  films: FilmLibrary,
  film: Film,
  place: TrackPlace,
  context: StreamContext,
): Promise<PreparedTrack> {
  const { coded } = place;
  const isRounded = film.demuxer.container !== "mp4" && coded.track.kind === "audio";
  const packet = isRounded ? await films.firstPacket(film, coded.number, context) : undefined;
  return { mux: await muxTrackOf(films, film, place, context), originTicks: packet?.ptsTicks };
}

/** The same for all tracks of one output, in order. */
export async function prepareFilm(
  films: FilmLibrary,
  { film, tracks }: { readonly film: Film; readonly tracks: readonly CodedTrack[] },
  context: StreamContext,
): Promise<PreparedFilm> {
  const prepare = (coded: CodedTrack, position: number): Promise<PreparedTrack> =>
    prepareTrack(films, film, { coded, id: position + 1 }, context);
  return { film, tracks: await Promise.all(tracks.map(prepare)) };
}
