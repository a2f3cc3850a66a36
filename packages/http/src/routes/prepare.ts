import { createRoute, type OpenAPIHono } from "@hono/zod-openapi";
import type { AppOptions } from "../app-options.ts";
import { listedFile } from "../listed-file.ts";
import type { Preparations } from "../preparations.ts";
import { readJsonAs } from "../request-body.ts";
import { prepareSchema } from "../viewing-schemas.ts";
import { fileTarget } from "./targets.ts";

/** Enough to begin with while the rest comes. */
const DEFAULT_SECONDS = 10;

/** Has fetched what somebody is about to play. */
export function addPrepareRoute(routes: OpenAPIHono, { engine }: AppOptions, preparations: Preparations): void {
  routes.openapi(prepareFile, async (context) => {
    const target = context.req.valid("param");
    const expected = 'The body must be {"fromSeconds": 90, "seconds": 10}, at most 600 seconds, or {}.';
    const { fromSeconds, seconds = DEFAULT_SECONDS } = await readJsonAs(prepareSchema, context.req.raw, expected);
    listedFile(engine, target);
    preparations.start(target, fromSeconds === undefined ? undefined : { fromSeconds, seconds });
    return context.body(null, 202);
  });
  const { method, path, summary, responses } = prepareFile;
  const content = { "application/json": { schema: prepareSchema } };
  routes.openAPIRegistry.registerPath({
    method,
    path,
    summary,
    responses,
    request: { params: fileTarget, body: { required: true, content } },
  });
}

const prepareFile = createRoute({
  method: "post",
  path: "/api/torrents/{infoHash}/files/{index}/prepare",
  summary: "Fetch head and index of a film, and a part of it, behind all that is being watched",
  hide: true, // described by hand, as in `torrents.ts`: a described body would be read before its size is checked
  request: { params: fileTarget },
  responses: { 202: { description: "It is being fetched; the latest wish for a file counts" } },
});
