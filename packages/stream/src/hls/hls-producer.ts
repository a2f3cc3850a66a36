import { type StreamContext, StreamError, type StreamProducer } from "@riptide/core";
import { CONTENT_SAFETY_HEADERS } from "../file-headers.ts";
import { EXPLORED_TARGET_SECONDS } from "../film-exploration.ts";
import type { NeededSegments } from "../film-segments.ts";
import { generatedBody } from "../generated-body.ts";
import { parseSeconds } from "../time-parameter.ts";
import { fragmentRendition } from "./fragment-rendition.ts";
import { masterOf } from "./master.ts";
import { mediaPlaylist, type PlaylistSegment } from "./media-playlist.ts";
import { type HlsDependencies, openPresentation, type Presentation } from "./presentation.ts";
import { type HlsResource, hlsResourceAt, type Rendition, renditionUris } from "./resources.ts";
import { SoundGrids } from "./sound-grids.ts";
import { textSegment } from "./text-segment.ts";

/**
 * A film in HLS (RFC 8216): playlists that are complete at once, or grow where the film has no key index, segments cut at its own
 * keyframes, each made of its own bytes of the file. Picture, sounds and texts are renditions of their own. `?aac=0,2` names the sounds that are to be converted; without
 * it those are which browsers do not play. The query goes on to all addresses.
 *
 * Rejects like `openPresentation`, with `stream_not_found` for what no playlist of ours names, and with `ffmpeg_missing` for a
 * sound that must be converted if there is none.
 *
 * `?from=86.5` leaves out of a segment of converted sound what lies before that time of the film: it comes at once, and is not what
 * its playlist tells of it.
 */
export function createHlsProducer(shared: Omit<HlsDependencies, "grids">): StreamProducer {
  const dependencies = { ...shared, grids: new SoundGrids() };
  return { produce: (request, context) => produceHls(request, context, dependencies) };
}

async function produceHls(request: Request, context: StreamContext, dependencies: HlsDependencies): Promise<Response> {
  const { pathname, search } = new URL(request.url);
  const resource = hlsResourceAt(pathname.slice(pathname.indexOf(FOLDER) + FOLDER.length));
  if (resource === undefined) throw notFound();
  const wanted = { toConvert: soundsToConvert(search), segments: neededFor(resource) };
  const presentation = await openPresentation(wanted, context, dependencies);
  const { body, mediaType, cacheControl } = contentOf(resource, { presentation, context, dependencies, search });
  const headers = { ...CONTENT_SAFETY_HEADERS, "cache-control": cacheControl, "content-type": mediaType };
  return new Response(request.method === "HEAD" ? null : await body(), { headers });
}

function neededFor(resource: HlsResource): NeededSegments {
  if (resource.kind === "segment") return resource.number;
  return resource.kind === "playlist" ? "news" : "some";
}

/** The sounds that `?aac=0,2` names; undefined without it. */
function soundsToConvert(search: string): ReadonlySet<number> | undefined {
  const list = new URLSearchParams(search).get("aac");
  if (list === null) return undefined;
  return new Set(
    list
      .split(",")
      .filter((text) => /^\d{1,3}$/.test(text))
      .map(Number),
  );
}

const FOLDER = "/hls/";
/** A segment is a function of the bytes of the film, which never change; a day is longer than anybody watches it. */
const KEPT = "private, max-age=86400";
/**
 * What is offered depends on what is installed and on what has been downloaded, and costs nothing to make again: a playlist that
 * is kept longer than a page would name what is no more.
 */
const NOT_KEPT = "no-cache";

interface Part {
  readonly presentation: Presentation;
  readonly context: StreamContext;
  readonly dependencies: HlsDependencies;
  /** The query of the request: it goes on to all that a playlist names. */
  readonly search: string;
}

/** What is answered, and what it takes to make it: HEAD does not. */
interface Content {
  readonly mediaType: string;
  readonly cacheControl: string;
  readonly body: () => Promise<string | Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>>;
}

function contentOf(resource: HlsResource, part: Part): Content {
  const { presentation, context, dependencies, search } = part;
  if (resource.kind === "master") {
    return playlist(() => masterOf(presentation, context, dependencies, search));
  }
  return resource.rendition.kind === "subtitles"
    ? textContent(resource, resource.rendition.index, part)
    : mediaContent(resource, part);
}

type RenditionResource = Exclude<HlsResource, { kind: "master" }>;

function mediaContent(resource: RenditionResource, { presentation, context, dependencies, search }: Part): Content {
  const { kind, rendition } = resource;
  const found = fragmentRendition(presentation, rendition, context, dependencies);
  if (found === undefined) throw notFound();
  const mediaType = rendition.kind === "video" ? "video/mp4" : "audio/mp4";
  switch (kind) {
    case "playlist":
      return playlistOf(() => found.segments(), { presentation, rendition, search });
    case "initialization":
      return { mediaType, cacheControl: KEPT, body: async () => Uint8Array.from(await found.initialization()) };
    case "segment": {
      const { number } = resource;
      if (number >= presentation.plan.length) throw notFound();
      const fromSeconds = parseSeconds(new URLSearchParams(search).get("from") ?? "");
      const body = () => generatedBody((signal) => found.fragments(number, signal, fromSeconds), context);
      return { mediaType, cacheControl: KEPT, body };
    }
  }
}

function textContent(resource: RenditionResource, index: number, { presentation, context, search }: Part): Content {
  const { plan, texts } = presentation;
  const { kind, rendition } = resource;
  const text = texts.find(({ track }) => track.index === index);
  if (text === undefined) throw notFound();
  if (kind !== "segment") return playlistOf(async () => plan, { presentation, rendition, search });
  const segment = plan[resource.number];
  if (segment === undefined) throw notFound();
  return {
    mediaType: "text/vtt; charset=utf-8",
    cacheControl: NOT_KEPT,
    body: () => textSegment(presentation, text.coded, segment, context),
  };
}

interface ListedRendition extends Pick<Part, "presentation" | "search"> {
  readonly rendition: Rendition;
}

function playlistOf(
  segmentsOf: () => Promise<readonly PlaylistSegment[]>,
  { presentation, rendition, search }: ListedRendition,
): Content {
  const { isComplete, isExplored } = presentation;
  const uris = renditionUris(rendition, search);
  // §6.2.1: one that has once been seen to grow goes on to say so.
  const growth = isExplored
    ? ({ type: "EVENT", targetSeconds: EXPLORED_TARGET_SECONDS } as const)
    : ({ type: "VOD" } as const);
  return playlist(async () => mediaPlaylist({ segments: await segmentsOf(), ...uris, ...growth, isComplete }));
}

function playlist(body: () => Promise<string>): Content {
  return { mediaType: "application/vnd.apple.mpegurl", cacheControl: NOT_KEPT, body };
}

function notFound(): StreamError {
  return new StreamError("stream_not_found", "This film has no such stream. Take the addresses from its playlists.");
}
