import { HttpError } from "../http-error.ts";

/** What a body may be. A form or a plain-text body of a foreign page needs no preflight: these two types do. */
const BODY_MEDIA_TYPES = ["application/json", "application/x-bittorrent"];
const READING_METHODS = ["GET", "HEAD", "OPTIONS"];

/**
 * Refuses changes that another site's page asks for (CSRF). Reading needs no check: without CORS headers no foreign
 * page sees the answer, and nothing that reads changes anything.
 */
export function assertSameOrigin(request: Request): void {
  if (READING_METHODS.includes(request.method)) return;
  const site = request.headers.get("sec-fetch-site");
  if ((site !== null && site !== "same-origin" && site !== "none") || !originIsHost(request)) {
    throw new HttpError("forbidden", "Another site's page may not change anything here. Use Riptide's own page.");
  }
  const isHarmless = HARMLESS_PATHS.includes(new URL(request.url).pathname);
  if (request.method === "POST" && !isHarmless && !BODY_MEDIA_TYPES.includes(mediaTypeOf(request))) {
    throw new HttpError("unsupported_media_type", `The body must be ${BODY_MEDIA_TYPES.join(" or ")}.`);
  }
}

/** What is posted there changes nothing: it is answered, and whoever may not read the answer has nothing of it. */
const HARMLESS_PATHS = ["/api/subtitles"];

/** The media type of the body without its parameters, or "". */
export function mediaTypeOf(request: Request): string {
  return request.headers.get("content-type")?.split(";")[0]?.trim().toLowerCase() ?? "";
}

/** Only the host is compared: behind a proxy that ends TLS the page's scheme differs from ours. */
function originIsHost(request: Request): boolean {
  const origin = request.headers.get("origin");
  if (origin === null) return true;
  try {
    return new URL(origin).host === new URL(`http://${request.headers.get("host") ?? ""}`).host;
  } catch {
    return false; // `Origin: null`, of a sandboxed frame for example
  }
}
