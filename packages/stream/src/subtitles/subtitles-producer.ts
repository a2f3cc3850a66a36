import type { StreamContext, StreamProducer, Turns } from "@riptide/core";
import type { FilmLibrary } from "../film-library.ts";
import type { MediaLibrary } from "../media-library.ts";
import type { AttachmentLibrary } from "./attachment-library.ts";
import { produceFont } from "./font-response.ts";
import { subtitleResourceAt } from "./resources.ts";
import { produceSidecar } from "./sidecar-response.ts";
import { noSuchSubtitles } from "./subtitle-errors.ts";
import { produceTrack } from "./track-response.ts";

export interface SubtitleDependencies {
  readonly library: MediaLibrary;
  readonly films: FilmLibrary;
  readonly attachments: AttachmentLibrary;
  /** Of those who have a file of subtitles converted: `createSubtitleTurns`. */
  readonly turns: Turns;
}

/**
 * The subtitles of a film, and what they need, by the path of the request: one of its tracks, a font that is attached to it,
 * or, if the context is that of such a file, a file of subtitles.
 *
 * Rejects with `stream_not_found` for what the film has not, with `unsupported_media` for what cannot be handed out in the form
 * asked for, and like `MediaLibrary.mediaInfo`.
 */
export function createSubtitlesProducer(dependencies: SubtitleDependencies): StreamProducer {
  return { produce: (request, context) => produceSubtitles(request, context, dependencies) };
}

async function produceSubtitles(
  request: Request,
  context: StreamContext,
  dependencies: SubtitleDependencies,
): Promise<Response> {
  const resource = subtitleResourceAt(new URL(request.url).pathname);
  switch (resource?.kind) {
    case "track":
      return await produceTrack(request, resource, context, dependencies);
    case "file":
      return await produceSidecar(request, context, dependencies.turns);
    case "attachment":
      return await produceFont(request, resource.index, context, dependencies.attachments);
    case undefined:
      throw noSuchSubtitles();
  }
}
