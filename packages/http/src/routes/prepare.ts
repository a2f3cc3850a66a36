import { createRoute, type OpenAPIHono } from "@hono/zod-openapi";
import type { AppOptions } from "../app-options.ts";
import { listedFile } from "../listed-file.ts";
import type { Preparations } from "../preparations.ts";
import { readJsonAs } from "../request-body.ts";
import { prepareSchema } from "../viewing-schemas.ts";
import { describeBody } from "./described-body.ts";
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
  describeBody(routes, prepareFile, { "application/json": { schema: prepareSchema } });
}

const prepareFile = createRoute({
  method: "post",
  path: "/api/torrents/{infoHash}/files/{index}/prepare",
  summary: "Fetch head and index of a film, and a part of it, behind all that is being watched",
  hide: true, // see `describeBody`
  request: { params: fileTarget },
  responses: { 202: { description: "It is being fetched; the latest wish for a file counts" } },
});
