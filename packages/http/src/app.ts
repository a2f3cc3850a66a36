import { randomBytes } from "node:crypto";
import { OpenAPIHono } from "@hono/zod-openapi";
import { RecentViewings } from "@riptide/core";
import { routePath } from "hono/route";
import type { AppOptions } from "./app-options.ts";
import { HttpError } from "./http-error.ts";
import { observationOf, RequestObservation } from "./observe/request-observation.ts";
import type { RouteOptions } from "./open-stream.ts";
import { Preparations } from "./preparations.ts";
import { isExpected, problemCodeOf, problemResponse } from "./problem.ts";
import { addEventRoutes } from "./routes/events.ts";
import { addExternalPlaylistRoutes } from "./routes/external-playlists.ts";
import { addFileRoutes } from "./routes/files.ts";
import { addHealthRoutes } from "./routes/health.ts";
import { addLinkRoute } from "./routes/links.ts";
import { addMethodFallbacks } from "./routes/method-fallbacks.ts";
import { addMetricsRoute } from "./routes/metrics.ts";
import { addOpenApiRoute } from "./routes/openapi.ts";
import { addPageRoutes } from "./routes/page.ts";
import { addPlaybackRoute } from "./routes/playback.ts";
import { addPrepareRoute } from "./routes/prepare.ts";
import { addStreamRoutes } from "./routes/streams.ts";
import { addSubtitleRoutes } from "./routes/subtitles.ts";
import { addThumbnailRoute } from "./routes/thumbnails.ts";
import { addTorrentRoutes } from "./routes/torrents.ts";
import { addViewingRoutes } from "./routes/viewings.ts";
import { assertToken, hasToken, tokenCookie } from "./security/access-token.ts";
import { assertHost } from "./security/host-policy.ts";
import { addResponseHeaders } from "./security/response-headers.ts";
import { assertSameOrigin } from "./security/same-origin.ts";
import { isSigned, type StreamLinks, streamLinks } from "./security/stream-links.ts";
import { StreamActivity } from "./stream-activity.ts";

/** The whole HTTP surface as a function from request to response; `listen` puts it on a socket. */
export interface App {
  fetch(request: Request): Promise<Response>;
}

/** Never written anywhere: the client is gone. The number is nginx's. */
const CLIENT_CLOSED_REQUEST = 499;

/** Supervisors and load balancers ask for these, and have no secrets: they are told yes or no. */
const OPEN_PATHS: ReadonlySet<string> = new Set(["/livez", "/readyz"]);

/** Creates the app. It holds no sockets and no timers; what a response holds is released with its body. */
export function createApp(options: AppOptions): App {
  const links = options.token === undefined ? undefined : streamLinks(options.token, options.wallClockMs);
  const routes = createRoutes(options, links);
  const { clock, observers = [] } = options;
  const observation = { clock, observers, newId: () => randomBytes(6).toString("hex") };
  return {
    async fetch(request) {
      const observed = new RequestObservation(request, observation);
      const response = await answer(request, { routes, links }, options);
      addResponseHeaders(response);
      return observed.respond(response);
    },
  };
}

interface Served {
  readonly routes: OpenAPIHono;
  /** Undefined without a token: all addresses are open. */
  readonly links: StreamLinks | undefined;
}

async function answer(request: Request, { routes, links }: Served, options: AppOptions): Promise<Response> {
  try {
    assertHost(request, options.allowedHosts);
    if (options.token !== undefined) assertAccess(request, options.token, links);
    assertSameOrigin(request);
    const response = await routes.fetch(request);
    if (options.token !== undefined) rememberToken(request, response, options.token);
    return response;
  } catch (error) {
    if (request.signal.aborted) return new Response(null, { status: CLIENT_CLOSED_REQUEST });
    const observed = observationOf(request);
    observed?.failed(problemCodeOf(error));
    if (!isExpected(error)) options.log?.(`${observed?.name ?? request.method} failed`, error, observed);
    return problemResponse(error);
  }
}

function createRoutes(appOptions: AppOptions, links: StreamLinks | undefined): OpenAPIHono {
  const routes = new OpenAPIHono({
    defaultHook: (result) => {
      if (!result.success) {
        throw new HttpError("bad_request", result.error.issues[0]?.message ?? "The request cannot be understood.");
      }
    },
  });
  // `answer` turns errors into problem documents, wherever they were thrown.
  routes.onError((error) => {
    throw error;
  });
  routes.notFound(() => {
    throw new HttpError("not_found", "There is nothing at this address.");
  });
  // Hono answers HEAD by what GET answers and then forgets the body, which may hold readers.
  routes.use(async (context, next) => {
    observationOf(context.req.raw)?.matched(routePath(context, -1));
    await next();
    if (context.req.raw.method === "HEAD") await context.res.body?.cancel();
  });
  const activity = new StreamActivity(appOptions.clock);
  const preparations = new Preparations(appOptions);
  const options: RouteOptions = { ...appOptions, opening: (target) => preparations.hasten(target) };
  const { viewings = new RecentViewings({ wallClockMs: () => Date.now() }) } = options;
  addPageRoutes(routes, options);
  addTorrentRoutes(routes, options, viewings);
  addViewingRoutes(routes, options, viewings);
  addFileRoutes(routes, options);
  addPlaybackRoute(routes, options, links);
  addLinkRoute(routes, options, links);
  addPrepareRoute(routes, options, preparations);
  addThumbnailRoute(routes, options);
  addEventRoutes(routes, options, { activity, viewings });
  addExternalPlaylistRoutes(routes, options, links); // before `/stream/IH/N`, whose N it is not
  addStreamRoutes(routes, options, activity);
  addSubtitleRoutes(routes, options, activity);
  addHealthRoutes(routes, options);
  addMetricsRoute(routes, options);
  addOpenApiRoute(routes, options);
  addMethodFallbacks(routes);
  return routes;
}

/** Who has the token needs no link, and may have an old one. */
function assertAccess(request: Request, token: string, links: StreamLinks | undefined): void {
  if (OPEN_PATHS.has(new URL(request.url).pathname)) return;
  if (links !== undefined && isSigned(request) && !hasToken(request, token)) return links.assertSigned(request);
  assertToken(request, token);
}

function rememberToken(request: Request, response: Response, token: string): void {
  const cookie = tokenCookie(request, token);
  if (cookie !== undefined) response.headers.append("set-cookie", cookie);
}
