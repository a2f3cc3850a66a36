import { createRoute, type OpenAPIHono } from "@hono/zod-openapi";
import type { ViewingStore } from "@riptide/core";
import type { AppOptions } from "../app-options.ts";
import { listedFile } from "../listed-file.ts";
import { readJsonAs } from "../request-body.ts";
import { recordViewingSchema, viewingListSchema, viewingSchema } from "../viewing-schemas.ts";
import { viewingView } from "../viewing-view.ts";
import { describeBody } from "./described-body.ts";
import { jsonContent } from "./json-content.ts";
import { fileTarget } from "./targets.ts";

/** Where viewers stopped: listed, recorded, forgotten. */
export function addViewingRoutes(routes: OpenAPIHono, { engine }: AppOptions, viewings: ViewingStore): void {
  routes.openapi(listViewings, (context) => context.json({ viewings: viewings.list().map(viewingView) }, 200));

  routes.openapi(recordViewing, async (context) => {
    const target = context.req.valid("param");
    const watched = await readJsonAs(
      recordViewingSchema,
      context.req.raw,
      'The body must be {"positionSeconds": 90, …}.',
    );
    listedFile(engine, target);
    return context.json(viewingView(viewings.record({ ...target, ...watched })), 200);
  });

  routes.openapi(forgetViewing, (context) => {
    const target = context.req.valid("param");
    // That of a torrent that is not listed any more can go, too.
    if (viewings.forget(target.infoHash, target.index) === 0) listedFile(engine, target);
    return context.body(null, 204);
  });

  describeBody(routes, recordViewing, { "application/json": { schema: recordViewingSchema } });
}

const listViewings = createRoute({
  method: "get",
  path: "/api/viewings",
  summary: "List where viewers stopped, the latest first; torrents may have gone meanwhile",
  responses: { 200: jsonContent(viewingListSchema, "One for each file") },
});

const VIEWING_PATH = "/api/torrents/{infoHash}/files/{index}/viewing";

const recordViewing = createRoute({
  method: "put",
  path: VIEWING_PATH,
  summary: "Record how far somebody has come in a file, and what he chose",
  hide: true, // see `describeBody`
  request: { params: fileTarget },
  responses: { 200: jsonContent(viewingSchema, "The viewing as it is listed") },
});

const forgetViewing = createRoute({
  method: "delete",
  path: VIEWING_PATH,
  summary: "Forget how far somebody has come in a file",
  request: { params: fileTarget },
  responses: { 204: { description: "Forgotten, or there was nothing to forget" } },
});
