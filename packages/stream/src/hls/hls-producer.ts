import { type StreamContext, StreamError, type StreamProducer } from "@riptide/core";
import { CONTENT_SAFETY_HEADERS } from "../file-headers.ts";
import { generatedBody } from "../generated-body.ts";
import { type FragmentRendition, fragmentRendition } from "./fragment-rendition.ts";
import { masterOf } from "./master.ts";
import { mediaPlaylist } from "./media-playlist.ts";
import { type HlsDependencies, openPresentation, type Presentation } from "./presentation.ts";
import { type HlsResource, hlsResourceAt, type Rendition, renditionUris } from "./resources.ts";
import { textSegment } from "./text-segment.ts";

/**
 * A film in HLS (RFC 8216): playlists that are complete at once, segments cut at its own keyframes, each made of its own bytes
 * of the file. Picture, sounds and texts are renditions of their own.
 *
 * Rejects like `openPresentation`, and with `stream_not_found` for what no playlist of ours names.
 */
export function createHlsProducer(dependencies: HlsDependencies): StreamProducer {
  return { produce: (request, context) => produceHls(request, context, dependencies) };
}

async function produceHls(request: Request, context: StreamContext, dependencies: HlsDependencies): Promise<Response> {
  const { pathname, search } = new URL(request.url);
  const resource = hlsResourceAt(pathname.slice(pathname.indexOf(FOLDER) + FOLDER.length));
  if (resource === undefined) throw notFound();
  const presentation = await openPresentation(context, dependencies);
  const part = { presentation, context, dependencies };
  const { body, mediaType } = await contentOf(resource, part, search);
  const headers = { ...CONTENT_SAFETY_HEADERS, "cache-control": CACHE_CONTROL, "content-type": mediaType };
  return new Response(request.method === "HEAD" ? null : await body(), { headers });
}

const FOLDER = "/hls/";
/** What is said of a film never changes, and neither do its segments; a day is longer than anybody watches it. */
const CACHE_CONTROL = "private, max-age=86400";

interface Part {
  readonly presentation: Presentation;
  readonly context: StreamContext;
  readonly dependencies: HlsDependencies;
}

interface Content {
  readonly mediaType: string;
  readonly body: () => Promise<string | Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>>;
}

async function contentOf(resource: HlsResource, part: Part, search: string): Promise<Content> {
  const { presentation, context, dependencies } = part;
  if (resource.kind === "master") {
    return playlist(await masterOf(presentation, context, dependencies, search));
  }
  const { rendition } = resource;
  if (resource.kind === "segment" && resource.number >= presentation.plan.length) throw notFound();
  if (rendition.kind === "subtitles") return textContent(resource, rendition.index, part, search);
  const found = await fragmentRendition(presentation, rendition, context, dependencies);
  if (found === undefined) throw notFound();
  if (resource.kind === "playlist") return playlist(playlistOf(presentation, rendition, search));
  return {
    mediaType: rendition.kind === "video" ? "video/mp4" : "audio/mp4",
    body: mediaBody(resource, found, context),
  };
}

function mediaBody(
  resource: Exclude<HlsResource, { kind: "master" | "playlist" }>,
  found: FragmentRendition,
  context: StreamContext,
): Content["body"] {
  if (resource.kind === "initialization") return async () => Uint8Array.from(found.initialization);
  return () => generatedBody((signal) => found.fragments(resource.number, signal), context);
}

function textContent(
  resource: Exclude<HlsResource, { kind: "master" }>,
  index: number,
  { presentation, context }: Part,
  search: string,
): Content {
  const text = presentation.texts.find(({ track }) => track.index === index);
  if (text === undefined) throw notFound();
  if (resource.kind !== "segment") return playlist(playlistOf(presentation, resource.rendition, search));
  const body = (): Promise<string> => textSegment(presentation, text.coded, resource.number, context);
  return { mediaType: "text/vtt; charset=utf-8", body };
}

function playlistOf({ plan }: Presentation, rendition: Rendition, search: string): string {
  return mediaPlaylist({ segments: plan, ...renditionUris(rendition, search), type: "VOD", isComplete: true });
}

function playlist(text: string): Content {
  return { mediaType: "application/vnd.apple.mpegurl", body: async () => text };
}

function notFound(): StreamError {
  return new StreamError("stream_not_found", "This film has no such stream. Take the addresses from its playlists.");
}
