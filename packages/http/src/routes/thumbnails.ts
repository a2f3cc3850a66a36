import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { listedFile } from "../listed-file.ts";
import { openStream, type RouteOptions } from "../open-stream.ts";
import { startSeconds } from "./streams.ts";
import { fileTarget } from "./targets.ts";

/** A piece of a film that plays comes every few seconds. */
const RETRY_AFTER_SECONDS = 5;
/** The bytes of a torrent never change, and what is shown at a time neither; a day is longer than anybody watches a film. */
const CACHE_CONTROL = "private, max-age=86400";

/** Pictures for whoever moves over the time line. Nothing is fetched for them. */
export function addThumbnailRoute(routes: OpenAPIHono, options: RouteOptions): void {
  routes.openapi(showThumbnail, async ({ req }) => {
    const target = req.valid("param");
    const { t, width } = req.valid("query");
    listedFile(options.engine, target);
    // Who looks at a time line waits for nothing that others share.
    const opened = await openStream(req.raw, target, { ...options, opening: () => undefined });
    const wish = { timeSeconds: Number(t), widthPixels: width === "160" ? 160 : 320 } as const;
    const thumbnail = await options.streams.thumbnail(opened, wish);
    if (thumbnail === undefined) {
      return new Response(null, { status: 204, headers: { "retry-after": String(RETRY_AFTER_SECONDS) } });
    }
    return new Response(new Uint8Array(thumbnail.jpeg), {
      headers: {
        "content-type": "image/jpeg",
        "cache-control": CACHE_CONTROL,
        "x-thumbnail-seconds": String(thumbnail.timeSeconds),
      },
    });
  });
}

const width = z
  .enum(["160", "320"], "width is 160 or 320.")
  .optional()
  .openapi({ param: { name: "width", in: "query" }, description: "In pixels. Default 320." });

const showThumbnail = createRoute({
  method: "get",
  path: "/api/torrents/{infoHash}/files/{index}/thumbnail",
  summary: "Show the keyframe at or before a time, if its bytes are there already",
  request: { params: fileTarget, query: z.object({ t: startSeconds.unwrap(), width }) },
  responses: {
    200: {
      description: "The picture",
      headers: z.object({
        "x-thumbnail-seconds": z.string().openapi({ description: "The time of that keyframe." }),
      }),
      content: { "image/jpeg": { schema: z.string().openapi({ format: "binary" }) } },
    },
    204: { description: "Its bytes are not there yet. `Retry-After` says when to ask again." },
  },
});
