import type { StreamContext } from "@riptide/core";
import { type CodedTrack, type MuxTrack, needsFirstPacket, type Track } from "@riptide/media";
import type { Film, FilmLibrary } from "./film-library.ts";

/** A track of a film as our muxer writes it, and where its sound begins in the whole film. */
export interface PreparedTrack {
  readonly mux: MuxTrack;
  readonly originTicks: number | undefined;
}

/** The track of a film that its media info speaks of; undefined if it cannot be read. */
export function codedTrackOf({ demuxer }: Film, { kind, index }: Track): CodedTrack | undefined {
  return demuxer.tracks.find(({ track }) => track.kind === kind && track.index === index);
}

/**
 * Looks at the first packet of a track where the muxer has to: some decoder configurations lie only there, and so does the
 * beginning of the frame grid of a sound whose times are rounded. `id` is its place in the output, from 1.
 */
export async function prepareTrack(
  films: FilmLibrary,
  film: Film,
  { coded, id }: { readonly coded: CodedTrack; readonly id: number },
  context: StreamContext,
): Promise<PreparedTrack> {
  const isRounded = film.demuxer.container !== "mp4";
  const { kind, codec } = coded.track;
  const isSoundRounded = isRounded && kind === "audio";
  const isLookedAt = needsFirstPacket(coded) || isSoundRounded || codec === "vp8" || codec === "vp9";
  const packet = isLookedAt ? await films.firstPacket(film, coded.number, context) : undefined;
  const originTicks = isSoundRounded ? packet?.ptsTicks : undefined;
  return { mux: { id, coded, firstPacket: packet?.data }, originTicks };
}
