import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import type { TorrentSource, ViewingStore } from "@riptide/core";
import { addTorrentSchema, torrentListSchema, torrentSchema } from "../api-schemas.ts";
import type { AppOptions } from "../app-options.ts";
import { HttpError } from "../http-error.ts";
import { listedTorrent } from "../listed-file.ts";
import { readBody, readJson } from "../request-body.ts";
import { mediaTypeOf } from "../security/same-origin.ts";
import { torrentView } from "../torrent-view.ts";
import { describeBody } from "./described-body.ts";
import { jsonContent } from "./json-content.ts";
import { torrentTarget } from "./targets.ts";

/** What libtorrent takes: 2 million pieces of 20 bytes do not fit, films do. */
const TORRENT_BODY_MAX_BYTES = 10 * 1024 * 1024;

/** Adding, listing, showing and removing torrents. */
export function addTorrentRoutes(routes: OpenAPIHono, { engine }: AppOptions, viewings: ViewingStore): void {
  routes.openapi(addTorrent, async (context) => {
    const request = context.req.raw;
    const torrent = await engine.add(await readSource(request), { signal: request.signal });
    return context.json(torrentView(torrent), 201, { location: `/api/torrents/${torrent.infoHash}` });
  });

  routes.openapi(listTorrents, (context) =>
    context.json({ torrents: engine.list().map((torrent) => torrentView(torrent)) }, 200),
  );

  routes.openapi(showTorrent, (context) => {
    return context.json(torrentView(listedTorrent(engine, context.req.valid("param").infoHash)), 200);
  });

  routes.openapi(removeTorrent, async (context) => {
    const { infoHash } = context.req.valid("param");
    const deleteData = context.req.valid("query").data === "true";
    await engine.remove(infoHash, { deleteData, signal: context.req.raw.signal });
    // Who keeps the files may add the torrent again, and go on where he was.
    if (deleteData) viewings.forget(infoHash);
    return context.body(null, 204);
  });

  describeBody(routes, addTorrent, {
    "application/json": { schema: addTorrentSchema },
    "application/x-bittorrent": { schema: z.string().openapi({ format: "binary" }) },
  });
}

async function readSource(request: Request): Promise<TorrentSource> {
  if (mediaTypeOf(request) === "application/x-bittorrent") return readBody(request, TORRENT_BODY_MAX_BYTES);
  const body = addTorrentSchema.safeParse(await readJson(request));
  if (body.success) return body.data.source;
  throw new HttpError(
    "bad_request",
    'The body must be {"source": "a magnet, an info hash or the URL of a .torrent file"}.',
  );
}

const addTorrent = createRoute({
  method: "post",
  path: "/api/torrents",
  summary: "Add a torrent",
  hide: true, // see `describeBody`
  responses: { 201: jsonContent(torrentSchema, "The torrent, listed; a magnet's files follow with its metadata") },
});

const listTorrents = createRoute({
  method: "get",
  path: "/api/torrents",
  summary: "List the torrents",
  responses: { 200: jsonContent(torrentListSchema, "All torrents") },
});

const showTorrent = createRoute({
  method: "get",
  path: "/api/torrents/{infoHash}",
  summary: "Show one torrent",
  request: { params: torrentTarget },
  responses: { 200: jsonContent(torrentSchema, "The torrent") },
});

const removeTorrent = createRoute({
  method: "delete",
  path: "/api/torrents/{infoHash}",
  summary: "Remove a torrent, and with ?data=true its bytes too",
  request: {
    params: torrentTarget,
    query: z.object({ data: z.enum(["true", "false"], "data is true or false.").optional() }),
  },
  responses: { 204: { description: "Removed" } },
});
