import type { StreamContext } from "@riptide/core";
import { type CodedTrack, codecStringOf, initSegment } from "@riptide/media";
import { filmFragments } from "../film-fragments.ts";
import { prepareTrack } from "../film-tracks.ts";
import type { HlsDependencies, Presentation } from "./presentation.ts";
import type { Rendition } from "./resources.ts";

/** A picture or a sound of a film as segments of fragmented MP4. */
export interface FragmentRendition {
  /** RFC 6381, as the initialization segment has it. */
  readonly codecString: string | undefined;
  readonly initialization: Uint8Array;
  /** The fragments of a segment: a function of its own bytes of the file, whatever was asked for before. */
  fragments(number: number, signal: AbortSignal): AsyncGenerator<Uint8Array, void>;
}

/** Undefined if the presentation has no such rendition. Rejects with what the provider rejects with. */
export async function fragmentRendition(
  presentation: Presentation,
  rendition: Rendition,
  context: StreamContext,
  dependencies: HlsDependencies,
): Promise<FragmentRendition | undefined> {
  const coded = codedTrackBehind(presentation, rendition);
  return coded && copiedRendition(presentation, coded, context, dependencies);
}

function codedTrackBehind({ video, sounds }: Presentation, rendition: Rendition): CodedTrack | undefined {
  if (rendition.kind === "video") return video;
  if (rendition.kind === "subtitles") return undefined;
  return sounds.find(({ track }) => track.index === rendition.index)?.coded;
}

async function copiedRendition(
  { film, plan }: Presentation,
  coded: CodedTrack,
  context: StreamContext,
  { films, library }: HlsDependencies,
): Promise<FragmentRendition> {
  const prepared = await prepareTrack(films, film, { coded, id: 1 }, context);
  const bytesPerSecond = library.bytesPerSecond(context);
  return {
    codecString: codecStringOf(prepared.mux),
    initialization: initSegment([prepared.mux], film.demuxer),
    async *fragments(number, signal) {
      const segment = plan[number];
      if (segment === undefined) return;
      const part = { film, tracks: [prepared], stretch: segment.stretch };
      yield* filmFragments(part, context.provider, { signal, bytesPerSecond });
    },
  };
}
