import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import type { FileMap } from "@riptide/core";
import { playbackQuestions } from "@riptide/stream";
import { fileMapSchema } from "../api-schemas.ts";
import { listedFile } from "../listed-file.ts";
import { chapterSchema, mediaInfoSchema } from "../media-info-schema.ts";
import { openStream, type RouteOptions } from "../open-stream.ts";
import { attachmentView, sidecarsOf } from "../subtitle-views.ts";
import type { SecondsMap } from "../viewing-schemas.ts";
import { jsonContent } from "./json-content.ts";
import { type FileTarget, fileTarget } from "./targets.ts";

/** What is known about one file: its media, and which of its bytes are there. */
export function addFileRoutes(routes: OpenAPIHono, options: RouteOptions): void {
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

  routes.openapi(showMap, async (context) => {
    const target = context.req.valid("param");
    const map = options.engine.map(target.infoHash, target.index);
    const { unit } = context.req.valid("query");
    const seconds = unit === "seconds" ? await secondsMap(map, context.req.raw, target, options) : undefined;
    return context.json({ ...map, ...(seconds && { seconds }) }, 200);
  });
}

/** The same in seconds of the film, if its index is known already. */
async function secondsMap(
  { available, wanted, reading }: FileMap,
  { signal }: Request,
  target: FileTarget,
  { engine, streams }: RouteOptions,
): Promise<SecondsMap | undefined> {
  const { path, lengthBytes: sizeBytes } = listedFile(engine, target);
  const times = await streams.knownTimes({ file: { ...target, name: path }, signal, sizeBytes });
  return times && { available: times(available), wanted: times(wanted), reading: times(reading) };
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

const mapUnit = z
  .enum(["bytes", "seconds"], "unit is bytes or seconds.")
  .optional()
  .openapi({ param: { name: "unit", in: "query" }, description: "With seconds, times of the film are told, too." });

const showMap = createRoute({
  method: "get",
  path: "/api/torrents/{infoHash}/files/{index}/map",
  summary: "Show which bytes of a file are available, wanted and being read",
  request: { params: fileTarget, query: z.object({ unit: mapUnit }) },
  responses: { 200: jsonContent(fileMapSchema, "Byte ranges of the file") },
});
