import { createRoute, type OpenAPIHono } from "@hono/zod-openapi";
import { type Link, linkRequestSchema, linkSchema } from "../api-schemas.ts";
import type { AppOptions } from "../app-options.ts";
import { HttpError } from "../http-error.ts";
import { readJson } from "../request-body.ts";
import { type StreamLinks, streamPath } from "../security/stream-links.ts";
import { describeBody } from "./described-body.ts";
import { jsonContent } from "./json-content.ts";
import { type FileTarget, fileTarget } from "./targets.ts";

/** Addresses to hand to other players. Changes nothing, but what it answers opens a stream: so it is no GET. */
export function addLinkRoute(routes: OpenAPIHono, { engine }: AppOptions, links: StreamLinks | undefined): void {
  routes.openapi(makeLink, async (context) => {
    const target = context.req.valid("param");
    const body = linkRequestSchema.safeParse(await readJson(context.req.raw));
    if (!body.success) throw new HttpError("bad_request", 'The body must be {"stream": "direct"} or {}.');
    engine.map(target.infoHash, target.index); // throws if there is no such file
    return context.json(linkView(target, body.data.stream, links), 200);
  });
  describeBody(routes, makeLink, { "application/json": { schema: linkRequestSchema } });
}

function linkView(target: FileTarget, stream: string, links: StreamLinks | undefined): Link {
  const link = links?.sign(target);
  const url = streamPath(target, stream, link === undefined ? [] : [link.query]);
  return link === undefined ? { url } : { url, expiresAt: new Date(link.expiresAtSeconds * 1000).toISOString() };
}

const makeLink = createRoute({
  method: "post",
  path: "/api/torrents/{infoHash}/files/{index}/link",
  summary: "Make an address of a stream that another player opens without the access token",
  hide: true, // see `describeBody`
  request: { params: fileTarget },
  responses: { 200: jsonContent(linkSchema, "The address; for a while, if there is an access token") },
});
