/**
 * Headers of every response. There are deliberately no CORS headers: no other site's page may read anything here,
 * nor embed it (`Cross-Origin-Resource-Policy`), and an OPTIONS preflight is never granted.
 */
const EVERYWHERE = {
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-resource-policy": "same-origin",
};

/**
 * Media are appended to a `blob:`, and hls.js gives each of its subtitle tracks an empty `data:` file, to be filled by it. The renderer
 * of ASS subtitles is WebAssembly, in the page and in its worker, which obeys the header of its own file.
 */
const CONTENT_POLICY =
  "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; media-src 'self' blob: data:; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'";

/** Adds them in place: a handler's own content policy stays, and both hold. What says nothing is not cached. */
export function addResponseHeaders(response: Response): void {
  for (const [name, value] of Object.entries(EVERYWHERE)) response.headers.set(name, value);
  response.headers.append("content-security-policy", CONTENT_POLICY);
  if (!response.headers.has("cache-control")) response.headers.set("cache-control", "no-store");
}
