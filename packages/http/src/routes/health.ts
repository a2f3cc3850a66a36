import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import type { FfmpegUse } from "@riptide/stream";
import { livenessSchema, type Readiness, readinessSchema, readinessStatusSchema } from "../api-schemas.ts";
import type { AppOptions } from "../app-options.ts";
import { hasToken } from "../security/access-token.ts";
import { jsonContent } from "./json-content.ts";

/** For supervisors and load balancers, which have no token: does the process live, and should it get requests. The reasons are for who has it. */
export function addHealthRoutes(routes: OpenAPIHono, options: AppOptions): void {
  routes.openapi(livez, (context) => context.json({ status: "ok" as const }, 200));
  routes.openapi(readyz, (context) => {
    const readiness = readinessOf(options);
    const { status } = readiness;
    const isTold = options.token === undefined || hasToken(context.req.raw, options.token);
    return context.json(isTold ? readiness : { status }, status === "ready" ? 200 : 503);
  });
}

/**
 * A missing ffmpeg (most films need none) and a full disk (what is there plays) degrade, and are only told; without an engine or a data folder
 * nothing can be added, and while the server drains nothing should be: that is not ready.
 */
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
    status: isDraining || health.state !== "running" || health.problem !== undefined ? "not_ready" : "ready",
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

const answered = z.union([readinessSchema, readinessStatusSchema]);

const readyz = createRoute({
  method: "get",
  path: "/readyz",
  summary: "Whether requests should come here",
  responses: {
    200: jsonContent(answered, "Ready, perhaps degraded: who has the token is told the reasons"),
    503: jsonContent(answered, "Not ready: who has the token is told the reasons"),
  },
});
