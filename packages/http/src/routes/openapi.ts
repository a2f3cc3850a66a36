import type { OpenAPIHono } from "@hono/zod-openapi";
import { problemSchema } from "../api-schemas.ts";
import type { AppOptions } from "../app-options.ts";
import { PROBLEM_MEDIA_TYPE } from "../problem.ts";

type ApiDocument = ReturnType<OpenAPIHono["getOpenAPI31Document"]>;

/** `/openapi.json`, generated from the routes and schemas that answer the requests. */
export function addOpenApiRoute(routes: OpenAPIHono, { version }: AppOptions): void {
  routes.openAPIRegistry.register("Problem", problemSchema);
  let document: ApiDocument | undefined;
  routes.get("/openapi.json", (context) => {
    document ??= describeProblems(
      routes.getOpenAPI31Document({ openapi: "3.1.0", info: { title: "Riptide", version } }),
    );
    return context.json(document);
  });
}

/** Every operation may answer with a problem document; said here once instead of at each route. */
function describeProblems(document: ApiDocument): ApiDocument {
  const content = { [PROBLEM_MEDIA_TYPE]: { schema: { $ref: "#/components/schemas/Problem" } } };
  for (const operations of Object.values(document.paths ?? {})) {
    for (const operation of [operations.get, operations.post, operations.put, operations.delete]) {
      if (operation?.responses !== undefined)
        operation.responses.default = { description: "RFC 9457 problem", content };
    }
  }
  return document;
}
