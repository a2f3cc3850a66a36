import { existsSync, readdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { extname, join, sep } from "node:path";
import type { OpenAPIHono } from "@hono/zod-openapi";
import type { AppOptions } from "../app-options.ts";
import { HttpError } from "../http-error.ts";

/** Types of what Vite writes; anything else in the folder is not served. */
const MEDIA_TYPES: ReadonlyMap<string, string> = new Map([
  [".html", "text/html; charset=utf-8"],
  [".js", "text/javascript; charset=utf-8"],
  [".css", "text/css; charset=utf-8"],
  [".svg", "image/svg+xml"],
  [".png", "image/png"],
  [".woff2", "font/woff2"],
  [".wasm", "application/wasm"],
]);

/** Where the page is: its library, and below `/watch/` its films. It finds out itself which one is meant. */
const PAGE_PATHS = ["/", "/watch/*"];

/** Whether a path is one of the page, which is a single file. */
export function isPage(pathname: string): boolean {
  return pathname === "/" || pathname.startsWith("/watch/");
}

/**
 * The built web page. Only the files found at start-up exist: a request never becomes a path on disk.
 * Vite puts a hash of the content in the names below `/assets/`, so those may be kept for ever.
 */
export function addPageRoutes(routes: OpenAPIHono, { webRoot }: AppOptions): void {
  if (webRoot === undefined || !existsSync(webRoot)) {
    for (const path of PAGE_PATHS) {
      routes.get(path, () => {
        throw new HttpError("not_found", "The web page is not built. Run `npm run build`; the API works without it.");
      });
    }
    return;
  }
  for (const file of readdirSync(webRoot, { recursive: true, encoding: "utf8" })) {
    const mediaType = MEDIA_TYPES.get(extname(file));
    if (mediaType === undefined) continue;
    const path = `/${file.split(sep).join("/")}`;
    const cacheControl = path.startsWith("/assets/") ? "private, max-age=31536000, immutable" : "no-cache";
    for (const address of path === "/index.html" ? PAGE_PATHS : [path]) {
      routes.get(address, async () => {
        const content = await readFile(join(webRoot, file));
        return new Response(content, { headers: { "content-type": mediaType, "cache-control": cacheControl } });
      });
    }
  }
}
