import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import type { AppOptions } from "../app-options.ts";

/** `/metrics`, for Prometheus and what reads its format. Needs the token, if there is one: a scraper can send it as bearer token. */
export function addMetricsRoute(routes: OpenAPIHono, { metrics }: AppOptions): void {
  if (metrics === undefined) return;
  routes.openapi(scrape, async (context) =>
    context.text(await metrics.text(), 200, { "content-type": metrics.contentType }),
  );
}

const scrape = createRoute({
  method: "get",
  path: "/metrics",
  summary: "What the server does, counted",
  responses: {
    200: { description: "Prometheus text format 0.0.4", content: { "text/plain": { schema: z.string() } } },
  },
});
