import type { z } from "@hono/zod-openapi";

/** The OpenAPI description of a response whose body is JSON of this shape. */
export function jsonContent<Schema extends z.ZodType>(schema: Schema, description: string) {
  return { description, content: { "application/json": { schema } } };
}
