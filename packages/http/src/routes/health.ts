import { createRoute, type OpenAPIHono } from "@hono/zod-openapi";
import type { FfmpegUse } from "@riptide/stream";
import { livenessSchema, type Readiness, readinessSchema } from "../api-schemas.ts";
import type { AppOptions } from "../app-options.ts";
import { jsonContent } from "./json-content.ts";

/** For supervisors and load balancers: does the process live, and should it get requests. */
export function addHealthRoutes(routes: OpenAPIHono, options: AppOptions): void {
  routes.openapi(livez, (context) => context.json({ status: "ok" as const }, 200));
  routes.openapi(readyz, (context) => {
    const readiness = readinessOf(options);
    return context.json(readiness, readiness.status === "ready" ? 200 : 503);
  });
}

/** A missing ffmpeg (most films need none) and a full disk (what is there plays) degrade, and are only told; a missing engine or a drain is not ready. */
function readinessOf({ engine, streams, version, draining }: AppOptions): Readiness {
  const health = engine.health();
  const isDraining = draining?.aborted === true;
  const reasons: string[] = [];
  if (isDraining) reasons.push("server: draining, it is about to stop");
  if (health.state !== "running") reasons.push(`engine: ${health.state}`);
  if (streams.ffmpeg === undefined) {
    reasons.push("ffmpeg: missing; install it (Debian: apt install ffmpeg) to play what needs another codec");
  }
  if (streams.ffmpeg?.isolation === "nothing") {
    reasons.push("ffmpeg: works without a sandbox; install one (Debian: apt install bubblewrap)");
  }
  const diskProblem = engine
    .list()
    .find(({ error }) => error?.code === "disk_full" || error?.code === "storage_failed");
  if (health.problem !== undefined) reasons.push(`disk: ${health.problem}`);
  if (diskProblem?.error) reasons.push(`disk: ${diskProblem.error.message}`);
  return {
    status: isDraining || health.state !== "running" ? "not_ready" : "ready",
    version,
    engine: health,
    ffmpeg: streams.ffmpeg && shownUse(streams.ffmpeg),
    reasons,
  };
}

function shownUse({ version, active, limit, isolation }: FfmpegUse): Readiness["ffmpeg"] {
  return { version, active, limit, isolation };
}

const livez = createRoute({
  method: "get",
  path: "/livez",
  summary: "Whether the process lives",
  responses: { 200: jsonContent(livenessSchema, "It does") },
});

const readyz = createRoute({
  method: "get",
  path: "/readyz",
  summary: "Whether requests should come here",
  responses: {
    200: jsonContent(readinessSchema, "Ready, perhaps degraded: see reasons"),
    503: jsonContent(readinessSchema, "Not ready: see reasons"),
  },
});
