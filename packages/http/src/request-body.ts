import type { z } from "@hono/zod-openapi";
import { HttpError } from "./http-error.ts";
import { mediaTypeOf } from "./security/same-origin.ts";

/** Longer than any magnet with all its trackers, and than what a player says of all the tracks of a film. */
const JSON_BODY_MAX_BYTES = 64 * 1024;

/**
 * Reads a small JSON body of a shape. Throws `unsupported_media_type`, `payload_too_large`, or `bad_request`, with `expected` as
 * its sentence if it has another shape.
 */
export async function readJsonAs<Schema extends z.ZodType>(
  schema: Schema,
  request: Request,
  expected: string,
): Promise<z.infer<Schema>> {
  if (mediaTypeOf(request) !== "application/json") {
    throw new HttpError("unsupported_media_type", "The body must be application/json.");
  }
  const body = schema.safeParse(await readJson(request));
  if (body.success) return body.data;
  throw new HttpError("bad_request", expected);
}

/** Reads a small JSON body, whatever it holds. Throws `payload_too_large`, or `bad_request` if it is no JSON. */
export async function readJson(request: Request): Promise<unknown> {
  const text = new TextDecoder().decode(await readBody(request, JSON_BODY_MAX_BYTES));
  try {
    return JSON.parse(text);
  } catch {
    throw new HttpError("bad_request", "The body is not JSON.");
  }
}

/**
 * Reads a request body of at most `limitBytes`, and stops reading as soon as it is longer: a declared length is only
 * a promise, and a chunked body has none. Throws `payload_too_large`.
 */
export async function readBody(request: Request, limitBytes: number): Promise<Uint8Array> {
  if (Number(request.headers.get("content-length") ?? 0) > limitBytes) throw tooLarge(limitBytes);
  const chunks: Uint8Array[] = [];
  let lengthBytes = 0;
  for await (const chunk of request.body ?? []) {
    lengthBytes += chunk.length;
    if (lengthBytes > limitBytes) throw tooLarge(limitBytes);
    chunks.push(chunk);
  }
  return concatenate(chunks, lengthBytes);
}

function concatenate(chunks: readonly Uint8Array[], lengthBytes: number): Uint8Array {
  const whole = new Uint8Array(lengthBytes);
  let offset = 0;
  for (const chunk of chunks) {
    whole.set(chunk, offset);
    offset += chunk.length;
  }
  return whole;
}

function tooLarge(limitBytes: number): HttpError {
  return new HttpError(
    "payload_too_large",
    `The request body is larger than the ${limitBytes / 1024} KB allowed here.`,
  );
}
