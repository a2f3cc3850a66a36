import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import type { AppOptions } from "../app-options.ts";
import { eventStream } from "../event-stream.ts";
import type { StreamActivity } from "../stream-activity.ts";

/** `/api/events`: for as long as the client listens and the server is not about to stop. */
export function addEventRoutes(
  routes: OpenAPIHono,
  { engine, clock, draining }: AppOptions,
  activity: StreamActivity,
): void {
  routes.openapi(listen, (context) => {
    const clientGone = context.req.raw.signal;
    const ends = draining === undefined ? [clientGone] : [clientGone, draining];
    const body = eventStream({ engine, activity, clock, ends });
    return new Response(body, { headers: { "content-type": "text/event-stream" } });
  });
}

const listen = createRoute({
  method: "get",
  path: "/api/events",
  summary:
    "Follow all changes as server-sent events: snapshot, then added, updated, removed, engine, streamStarted, streamStalled",
  responses: { 200: { description: "The events", content: { "text/event-stream": { schema: z.string() } } } },
});
