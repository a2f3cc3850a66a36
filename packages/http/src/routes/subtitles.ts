import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { CONTENT_SAFETY_HEADERS } from "@riptide/stream";
import { HttpError } from "../http-error.ts";
import { attachmentSchema } from "../media-info-schema.ts";
import { openStream, type RouteOptions } from "../open-stream.ts";
import { readBody } from "../request-body.ts";
import { mediaTypeOf } from "../security/same-origin.ts";
import type { StreamActivity } from "../stream-activity.ts";
import { attachmentView } from "../subtitle-views.ts";
import { describeBody } from "./described-body.ts";
import { jsonContent } from "./json-content.ts";
import { serveStream } from "./streams.ts";
import { type FileTarget, fileTarget } from "./targets.ts";

/** Subtitles of a film, in it and beside it, and the fonts that it carries for them. HEAD mirrors GET. */
export function addSubtitleRoutes(routes: OpenAPIHono, options: RouteOptions, activity: StreamActivity): void {
  const { streams } = options;
  const serve = (request: Request, target: FileTarget): Promise<Response> =>
    serveStream(streams.subtitles, request, target, { options, activity });

  routes.openapi(subtitles, ({ req }) => {
    const { name, ...film } = req.valid("param");
    const sidecarIndex = SIDECAR_NAME.exec(name)?.[1];
    return serve(req.raw, sidecarIndex === undefined ? film : { ...film, index: Number(sidecarIndex) });
  });
  routes.openapi(attachment, ({ req }) => serve(req.raw, req.valid("param")));

  routes.openapi(listAttachments, async (context) => {
    const opened = await openStream(context.req.raw, context.req.valid("param"), options);
    const attachments = await streams.attachments(opened);
    return context.json({ attachments: attachments.map(attachmentView) }, 200);
  });

  routes.openapi(convertSubtitles, async ({ req }) => {
    const document = await streams.externalSubtitles(await readSubtitles(req.raw), req.raw.signal);
    return new Response(document, {
      headers: { ...CONTENT_SAFETY_HEADERS, "content-type": "text/vtt; charset=utf-8" },
    });
  });
  const bytes = { schema: z.string().openapi({ format: "binary" }) };
  describeBody(routes, convertSubtitles, { "application/octet-stream": bytes, "text/*": bytes });
}

/** Half of what a file in a torrent may have: a film's subtitles take 100 KiB, and a page sends what somebody picked. */
const EXTERNAL_SUBTITLES_MAX_BYTES = 5 * 1024 * 1024;

function readSubtitles(request: Request): Promise<Uint8Array> {
  const mediaType = mediaTypeOf(request);
  if (mediaType === "application/octet-stream" || mediaType.startsWith("text/")) {
    return readBody(request, EXTERNAL_SUBTITLES_MAX_BYTES);
  }
  throw new HttpError("unsupported_media_type", "The body must be application/octet-stream or text.");
}

/** A file of subtitles is named by its own index in the torrent. */
const SIDECAR_NAME = /^file-(\d{1,7})\.vtt$/;

const name = z
  .string()
  .regex(
    /^(?:\d{1,3}\.(?:vtt|ass|sup)|file-\d{1,7}\.vtt)$/,
    "Subtitles are named by a track, such as 0.vtt, 0.ass or 0.sup, or by a file, such as file-3.vtt.",
  )
  .openapi({ param: { name: "name", in: "path" }, example: "0.vtt" });

function seconds(parameter: "from" | "to", description: string) {
  return z
    .string()
    .regex(/^\d{1,7}(\.\d{1,20})?$/, `${parameter} is a time in seconds, such as 90 or 90.5.`)
    .optional()
    .openapi({ param: { name: parameter, in: "query" }, description });
}

const windowQuery = z.object({
  from: seconds("from", "Only what is shown at this time or later, in seconds."),
  to: seconds("to", "Only what is shown before this time, in seconds."),
});

const subtitles = createRoute({
  method: "get",
  path: "/stream/{infoHash}/{index}/subtitles/{name}",
  summary: "Stream one track of subtitles as far as its bytes are there, or a file of subtitles as WebVTT",
  request: { params: fileTarget.extend({ name }), query: windowQuery },
  responses: {
    200: {
      description: "WebVTT, a script of ASS, or PGS as a .sup file; with no-store if bytes of it were missing",
      content: {
        "text/vtt": { schema: z.string() },
        "text/x-ssa": { schema: z.string() },
        "application/octet-stream": { schema: z.string().openapi({ format: "binary" }) },
      },
    },
  },
});

const attachmentIndex = z
  .string()
  .regex(/^\d{1,3}$/, "An attachment is named by its index, a whole number.")
  .openapi({ param: { name: "attachment", in: "path" }, type: "integer" });

const attachment = createRoute({
  method: "get",
  path: "/stream/{infoHash}/{index}/attachments/{attachment}",
  summary: "Stream a font that is attached to a film; other attachments are not handed out",
  request: { params: fileTarget.extend({ attachment: attachmentIndex }) },
  responses: {
    200: { description: "The font", content: { "font/*": { schema: z.string().openapi({ format: "binary" }) } } },
  },
});

const listAttachments = createRoute({
  method: "get",
  path: "/api/torrents/{infoHash}/files/{index}/attachments",
  summary: "List what is attached to a film; waits for the bytes that tell it",
  request: { params: fileTarget },
  responses: {
    200: jsonContent(
      z.strictObject({ attachments: z.array(attachmentSchema) }).openapi("AttachmentList"),
      "What is attached, by index",
    ),
  },
});

const convertSubtitles = createRoute({
  method: "post",
  path: "/api/subtitles",
  summary: "Convert a file of subtitles (SRT, ASS, SSA, WebVTT; any character set) to WebVTT",
  hide: true, // see `describeBody`
  responses: { 200: { description: "The subtitles", content: { "text/vtt": { schema: z.string() } } } },
});
