import { STATUS_CODES } from "node:http";
import { type ErrorCode, RiptideError } from "@riptide/core";
import type { Problem } from "./api-schemas.ts";
import { HttpError, type HttpErrorCode } from "./http-error.ts";

/** The body of an error: RFC 9457 problem details. */
export const PROBLEM_MEDIA_TYPE = "application/problem+json";

/**
 * The problem document for whatever a handler threw. What nobody foresaw becomes `internal` and tells the client
 * nothing: its message may hold paths or addresses. Logging it is the caller's part.
 */
export function problemResponse(error: unknown): Response {
  if (error instanceof HttpError) return problem(error.code, error.message, undefined, error.headers);
  if (error instanceof RiptideError) {
    return problem(error.code, error.message, error.retryAfterSeconds ?? RETRY_AFTER_SECONDS[error.code]);
  }
  return problem("internal", "Something went wrong inside Riptide. Its log says what; please report it.");
}

/** The `code` of the document that this failure becomes. */
export function problemCodeOf(error: unknown): ErrorCode | HttpErrorCode {
  return error instanceof HttpError || error instanceof RiptideError ? error.code : "internal";
}

/** Whether the failure was foreseen: it then explains itself to the client and needs no entry in the log. */
export function isExpected(error: unknown): boolean {
  return error instanceof HttpError || error instanceof RiptideError;
}

function problem(
  code: ErrorCode | HttpErrorCode,
  detail: string,
  retryAfterSeconds?: number,
  headers: Readonly<Record<string, string>> = {},
): Response {
  const status = STATUS_OF[code];
  const body: Problem = {
    type: "about:blank", // RFC 9457 §4.2.1: the title is then the status phrase; `code` tells the kinds apart
    title: STATUS_CODES[status] ?? "Error",
    status,
    detail,
    code,
    ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
  };
  return new Response(JSON.stringify(body), {
    status,
    headers: {
      "content-type": PROBLEM_MEDIA_TYPE,
      "cache-control": "no-store",
      ...(retryAfterSeconds !== undefined && { "retry-after": String(Math.ceil(retryAfterSeconds)) }),
      ...headers,
    },
  });
}

/** The one place where a code becomes a status. */
const STATUS_OF: Record<ErrorCode | HttpErrorCode, number> = {
  bad_source: 400,
  bad_torrent: 422,
  unsupported_v2: 422,
  fetch_failed: 502,
  torrent_not_found: 404,
  file_not_found: 404,
  torrent_removed: 410,
  metadata_pending: 503,
  stream_not_found: 404,

  no_peers: 504,
  no_valid_source: 502,
  storage_failed: 500,
  disk_full: 507,
  engine_unavailable: 503,

  not_media: 415,
  damaged_media: 422,
  unsupported_media: 415,
  not_seekable: 422,

  ffmpeg_missing: 503,
  ffmpeg_busy: 503,
  ffmpeg_failed: 502,
  ffmpeg_stalled: 504,

  bad_request: 400,
  unauthorized: 401,
  forbidden: 403,
  link_invalid: 403,
  link_expired: 403,
  not_found: 404,
  method_not_allowed: 405,
  payload_too_large: 413,
  unsupported_media_type: 415,
  misdirected: 421,
  too_many_connections: 503,
  internal: 500,
};

/** When to try again if the error itself does not say. `ffmpeg_missing` has none: only a person can mend it. */
const RETRY_AFTER_SECONDS: Partial<Record<ErrorCode, number>> = {
  metadata_pending: 5,
  engine_unavailable: 2,
  ffmpeg_busy: 2,
  no_peers: 30,
};
