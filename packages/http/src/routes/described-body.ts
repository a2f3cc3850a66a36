import type { OpenAPIHono, RouteConfig } from "@hono/zod-openapi";

type Content = NonNullable<NonNullable<RouteConfig["request"]>["body"]>["content"];

/**
 * Describes a route with the body that it reads by itself: one that is described in the route is read before its size is checked. The
 * route is hidden where it is made.
 */
export function describeBody(routes: OpenAPIHono, route: RouteConfig, content: Content): void {
  const { method, path, summary, responses, request } = route;
  routes.openAPIRegistry.registerPath({
    method,
    path,
    responses,
    ...(summary !== undefined && { summary }),
    request: { ...request, body: { required: true, content } },
  });
}
