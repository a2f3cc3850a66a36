import type { OpenAPIHono } from "@hono/zod-openapi";
import { HttpError } from "../http-error.ts";

/** Answers known paths asked with a method they do not have. Comes after all routes. RFC 9110 §15.5.6. */
export function addMethodFallbacks(routes: OpenAPIHono): void {
  const methodsOfPath = new Map<string, Set<string>>();
  for (const { path, method } of routes.routes) {
    if (method === "ALL") continue; // middleware
    const methods = methodsOfPath.get(path) ?? new Set();
    methodsOfPath.set(path, methods.add(method));
    if (method === "GET") methods.add("HEAD");
  }
  for (const [path, methods] of methodsOfPath) {
    const allow = [...methods].join(", ");
    routes.all(path, () => {
      throw new HttpError("method_not_allowed", `This address only takes ${allow}.`, { allow });
    });
  }
}
