import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { playbackQuestions } from "@riptide/stream";
import { fileMapSchema } from "../api-schemas.ts";
import type { AppOptions } from "../app-options.ts";
import { chapterSchema, mediaInfoSchema } from "../media-info-schema.ts";
import { openStream } from "../open-stream.ts";
import { attachmentView, sidecarsOf } from "../subtitle-views.ts";
import { jsonContent } from "./json-content.ts";
import { fileTarget } from "./targets.ts";

/** What is known about one file: its media, and which of its bytes are there. */
export function addFileRoutes(routes: OpenAPIHono, options: AppOptions): void {
  routes.openapi(showMediaInfo, async (context) => {
    const target = context.req.valid("param");
    const opened = await openStream(context.req.raw, target, options);
    const info = await options.streams.mediaInfo(opened);
    const attachments = (await options.streams.knownAttachments(opened))?.map(attachmentView);
    const chapters = await options.streams.knownChapters(opened);
    return context.json(
      { ...info, attachments, chapters, sidecars: sidecarsOf(target, options), questions: playbackQuestions(info) },
      200,
    );
  });

  routes.openapi(listChapters, async (context) => {
    const opened = await openStream(context.req.raw, context.req.valid("param"), options);
    return context.json({ chapters: await options.streams.chapters(opened) }, 200);
  });

  routes.openapi(showMap, (context) => {
    const { infoHash, index } = context.req.valid("param");
    return context.json(options.engine.map(infoHash, index), 200);
  });
}

const showMediaInfo = createRoute({
  method: "get",
  path: "/api/torrents/{infoHash}/files/{index}",
  summary: "Read the media info of a file; waits for the bytes it needs",
  request: { params: fileTarget },
  responses: {
    200: jsonContent(mediaInfoSchema, "Container, duration and tracks, and what to ask a player about them"),
  },
});

const listChapters = createRoute({
  method: "get",
  path: "/api/torrents/{infoHash}/files/{index}/chapters",
  summary: "List the chapters of a film; waits for the bytes that tell them",
  request: { params: fileTarget },
  responses: {
    200: jsonContent(
      z.strictObject({ chapters: z.array(chapterSchema).readonly() }).openapi("ChapterList"),
      "The chapters, by their start",
    ),
  },
});

const showMap = createRoute({
  method: "get",
  path: "/api/torrents/{infoHash}/files/{index}/map",
  summary: "Show which bytes of a file are available, wanted and being read",
  request: { params: fileTarget },
  responses: { 200: jsonContent(fileMapSchema, "Byte ranges of the file") },
});
