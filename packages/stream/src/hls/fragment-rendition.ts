import type { StreamContext } from "@riptide/core";
import { type CodedTrack, codecStringOf, initSegment } from "@riptide/media";
import { filmFragments } from "../film-fragments.ts";
import { muxTrackOf, prepareTrack } from "../film-tracks.ts";
import { convertedSound } from "./converted-sound.ts";
import type { PlaylistSegment } from "./media-playlist.ts";
import type { HlsDependencies, Presentation } from "./presentation.ts";
import type { Rendition } from "./resources.ts";

/** A picture or a sound of a film as segments of fragmented MP4. Nothing of the media is read before it is asked for. */
export interface FragmentRendition {
  /** As its playlist lists them: as many as the film has. Rejects like `initialization`. */
  segments(): Promise<readonly PlaylistSegment[]>;
  /** RFC 6381, as the initialization segment has it; undefined if nothing tells it. Rejects like `initialization`. */
  codecString(): Promise<string | undefined>;
  /** Rejects with what the provider rejects with, or with `damaged_media`. */
  initialization(): Promise<Uint8Array>;
  /**
   * The fragments of one of its segments: a function of the bytes of the file, whatever was asked for before. Of a sound that is
   * converted, those from `fromSeconds` on, where that is given; what is copied is there at once.
   */
  fragments(number: number, signal: AbortSignal, fromSeconds: number | undefined): AsyncGenerator<Uint8Array, void>;
}

/**
 * Undefined if the presentation has no such rendition. Throws `TranscodeError` `ffmpeg_missing` if it would have to be converted
 * and there is no ffmpeg.
 */
export function fragmentRendition(
  presentation: Presentation,
  rendition: Rendition,
  context: StreamContext,
  dependencies: HlsDependencies,
): FragmentRendition | undefined {
  const { video, sounds } = presentation;
  if (rendition.kind === "video") return video && copiedTrack(presentation, video.coded, context, dependencies);
  const sound = sounds.find(({ track }) => rendition.kind === "audio" && track.index === rendition.index);
  if (sound === undefined) return undefined;
  const rendered = sound.treatment === "copy" ? copiedTrack : convertedSound;
  return rendered(presentation, sound.coded, context, dependencies);
}

function copiedTrack(
  { film, plan }: Presentation,
  coded: CodedTrack,
  context: StreamContext,
  { films, library }: HlsDependencies,
): FragmentRendition {
  const place = { coded, id: 1 };
  const mux = () => muxTrackOf(films, film, place, context);
  return {
    segments: async () => plan,
    codecString: async () => codecStringOf(await mux()),
    initialization: async () => initSegment([await mux()], film.demuxer),
    async *fragments(number, signal) {
      const tracks = [await prepareTrack(films, film, place, context)];
      const part = { film, tracks, stretch: plan[number]!.stretch };
      const bytesPerSecond = library.bytesPerSecond(context);
      // Players fetch segments whole, or not at all.
      yield* filmFragments(part, context, { signal, bytesPerSecond, neededBytes: Number.POSITIVE_INFINITY });
    },
  };
}
