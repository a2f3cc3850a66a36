import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import type { ViewingStore } from "@riptide/core";
import type { AppOptions } from "../app-options.ts";
import { eventStream } from "../event-stream.ts";
import type { StreamActivity } from "../stream-activity.ts";

/** `/api/events`: for as long as the client listens and the server is not about to stop. */
export function addEventRoutes(
  routes: OpenAPIHono,
  { engine, clock, draining }: AppOptions,
  others: { readonly activity: StreamActivity; readonly viewings: ViewingStore },
): void {
  routes.openapi(listen, (context) => {
    const clientGone = context.req.raw.signal;
    const ends = draining === undefined ? [clientGone] : [clientGone, draining];
    const body = eventStream({ engine, ...others, clock, ends });
    return new Response(body, { headers: { "content-type": "text/event-stream" } });
  });
}

const listen = createRoute({
  method: "get",
  path: "/api/events",
  summary:
    "Follow all changes as server-sent events: snapshot, then added, updated, removed, engine, streamStarted, streamStalled, viewing, viewingRemoved",
  responses: { 200: { description: "The events", content: { "text/event-stream": { schema: z.string() } } } },
});
