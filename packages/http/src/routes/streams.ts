import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import type { StreamProducer } from "@riptide/core";
import { serverTiming } from "@riptide/stream";
import { observationOf } from "../observe/request-observation.ts";
import { openStream, type RouteOptions } from "../open-stream.ts";
import type { StreamActivity } from "../stream-activity.ts";
import { type FileTarget, fileTarget } from "./targets.ts";

/** The bytes of a file, as they are or repackaged. HEAD mirrors GET, which Hono routes here as well. */
export function addStreamRoutes(routes: OpenAPIHono, options: RouteOptions, activity: StreamActivity): void {
  const { streams } = options;
  const serve = (producer: StreamProducer, request: Request, target: FileTarget): Promise<Response> =>
    serveStream(producer, request, target, { options, activity });
  routes.openapi(defaultStream, ({ req }) => serve(streams.default, req.raw, req.valid("param")));
  routes.openapi(directStream, ({ req }) => serve(streams.direct, req.raw, req.valid("param")));
  routes.openapi(remuxStream, ({ req }) => serve(streams.remux, req.raw, req.valid("param")));
  routes.openapi(virtualStream, ({ req }) => serve(streams.virtual, req.raw, req.valid("param")));
  for (const route of hlsStreams) {
    routes.openapi(route, ({ req }) => serve(streams.hls, req.raw, req.valid("param")));
  }
}

/**
 * Whatever a torrent holds, opened as a page it runs nothing, sends no form and opens no window. It keeps its origin: without
 * one, a tab in which a film is opened would not be given the film (`Cross-Origin-Resource-Policy`).
 */
const CONTENT_POLICY = "sandbox allow-same-origin; script-src 'none'";

/** What a torrent says of itself while nothing can be stored of it. */
const STUCK_DISK: ReadonlySet<string> = new Set(["disk_full", "storage_failed"]);

/** The response of a producer for the file that a request names, with the headers that all streams have. */
export async function serveStream(
  producer: StreamProducer,
  request: Request,
  target: FileTarget,
  { options, activity }: { readonly options: RouteOptions; readonly activity: StreamActivity },
): Promise<Response> {
  const context = await openStream(request, target, options);
  const { file, provider } = context;
  const isDiskStuck = (): boolean => STUCK_DISK.has(options.engine.get(file.infoHash)?.error?.code ?? "");
  const watched = observationOf(request)?.watchReads(provider, file, isDiskStuck) ?? provider;
  const response = await producer.produce(request, { ...context, provider: activity.watch(watched, file) });
  if (response.body !== null) activity.tell({ type: "streamStarted", infoHash: file.infoHash, index: file.index });
  response.headers.set("server-timing", serverTiming(context.timings));
  response.headers.set("content-security-policy", CONTENT_POLICY);
  return response;
}

export const startSeconds = z
  .string()
  .regex(/^\d{1,7}(\.\d{1,20})?$/, "t is a time in seconds, such as 90 or 90.5.")
  .optional()
  .openapi({ param: { name: "t", in: "query" }, description: "Where to start, in seconds." });

const audioTrack = z
  .string()
  .regex(/^\d{1,3}$/, "audio is the index of an audio track, a whole number.")
  .optional()
  .openapi({ param: { name: "audio", in: "query" }, description: "Index among the audio tracks." });

const convertedVideo = z
  .enum(["h264"], "video is h264, or left out.")
  .optional()
  .openapi({ param: { name: "video", in: "query" }, description: "Convert the picture even if MP4 holds it." });

const convertedSound = z
  .enum(["aac"], "sound is aac, or left out.")
  .optional()
  .openapi({ param: { name: "sound", in: "query" }, description: "Convert the sound even if MP4 holds it." });

const remuxQuery = z.object({ t: startSeconds, audio: audioTrack, video: convertedVideo, sound: convertedSound });

const mediaContent = {
  "application/octet-stream": { schema: z.string().openapi({ format: "binary" }) },
  "video/mp4": { schema: z.string().openapi({ format: "binary" }) },
};
const whole = { description: "The whole stream", content: mediaContent };
const part = { description: "A byte range of the file (RFC 9110 §14)", content: mediaContent };

const defaultStream = createRoute({
  method: "get",
  path: "/stream/{infoHash}/{index}",
  summary: "Stream what a client that says nothing can most likely play",
  request: { params: fileTarget, query: remuxQuery },
  responses: { 200: whole, 206: part },
});

const directStream = createRoute({
  method: "get",
  path: "/stream/{infoHash}/{index}/direct",
  summary: "Stream the original bytes (RFC 9110 ranges and preconditions)",
  request: { params: fileTarget },
  responses: { 200: whole, 206: part },
});

const remuxStream = createRoute({
  method: "get",
  path: "/stream/{infoHash}/{index}/remux.mp4",
  summary: "Stream the file as fragmented MP4 of unknown length",
  request: { params: fileTarget, query: remuxQuery },
  responses: { 200: whole },
});

const virtualStream = createRoute({
  method: "get",
  path: "/stream/{infoHash}/{index}/virtual.mp4",
  summary: "Stream the file as MP4 of fixed length, its index in front (RFC 9110 ranges and preconditions)",
  request: { params: fileTarget, query: z.object({ audio: audioTrack }) },
  responses: { 200: whole, 206: part },
});

const hlsContent = {
  "application/vnd.apple.mpegurl": { schema: z.string() },
  "video/mp4": { schema: z.string().openapi({ format: "binary" }) },
  "audio/mp4": { schema: z.string().openapi({ format: "binary" }) },
  "text/vtt": { schema: z.string() },
};
const hlsFile = z
  .string()
  .max(40)
  .openapi({ param: { name: "name", in: "path" }, example: "playlist.m3u8" });
const hlsTrack = z
  .string()
  .max(40)
  .openapi({ param: { name: "track", in: "path" }, example: "0" });

const convertedSounds = z
  .string()
  .regex(/^(?:\d{1,3}(?:,\d{1,3}){0,63})?$/, "aac is a list of indexes of audio tracks, such as 0,2.")
  .optional()
  .openapi({
    param: { name: "aac", in: "query" },
    description: "Indexes of the audio tracks to convert to AAC. Default: those that browsers do not play.",
  });

/** The addresses of HLS: the playlists name all but the first. */
const hlsStreams = [
  hlsRoute("master.m3u8", "The playlist of a film in HLS", fileTarget),
  hlsRoute(
    "video/{name}",
    "Playlist, initialization and segments of the picture",
    fileTarget.extend({ name: hlsFile }),
  ),
  ...(["audio", "subtitles"] as const).map((kind) =>
    hlsRoute(
      `${kind}/{track}/{name}`,
      `Playlist and segments of one track (${kind})`,
      fileTarget.extend({ track: hlsTrack, name: hlsFile }),
    ),
  ),
];

function hlsRoute<Target extends typeof fileTarget>(path: string, summary: string, params: Target) {
  return createRoute({
    method: "get",
    path: `/stream/{infoHash}/{index}/hls/${path}`,
    summary,
    request: { params, query: z.object({ aac: convertedSounds }) },
    responses: { 200: { description: "A playlist, an initialization or a segment", content: hlsContent } },
  });
}
