import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { createWorld, problemCode, WEB_ROOT } from "../support/world.ts";

const FOR_EVER = "private, max-age=31536000, immutable";

test.each([
  ["/", "text/html; charset=utf-8", "no-cache", new URL("../support/web-root/index.html", import.meta.url)],
  [
    `/watch/${"a".repeat(40)}/3`,
    "text/html; charset=utf-8",
    "no-cache",
    new URL("../support/web-root/index.html", import.meta.url),
  ],
  ["/icon.svg", "image/svg+xml", "no-cache", new URL("../support/web-root/icon.svg", import.meta.url)],
  [
    "/assets/page-1a2b3c.js",
    "text/javascript; charset=utf-8",
    FOR_EVER,
    new URL("../support/web-root/assets/page-1a2b3c.js", import.meta.url),
  ],
  [
    "/assets/page-1a2b3c.css",
    "text/css; charset=utf-8",
    FOR_EVER,
    new URL("../support/web-root/assets/page-1a2b3c.css", import.meta.url),
  ],
])("the page has %s as %s", async (path, mediaType, cacheControl, file) => {
  const { send } = await createWorld({ webRoot: WEB_ROOT });
  const response = await send(path);
  expect(response.status).toBe(200);
  expect(response.headers.get("content-type")).toBe(mediaType);
  expect(response.headers.get("cache-control")).toBe(cacheControl);
  expect(await response.text()).toBe(await readFile(file, "utf8"));
});

test.each([
  "/notes.txt",
  "/index.html",
  "/assets",
  "/assets/",
  "/assets/missing.js",
  "/assets/..%2fnotes.txt",
  "/..%2f..%2fworld.ts",
  "/%2e%2e/world.ts",
  "//etc/passwd",
  "/assets/page-1a2b3c.js%00",
])("there is nothing at %s", async (path) => {
  const { send } = await createWorld({ webRoot: WEB_ROOT });
  const response = await send(path);
  expect([response.status, await problemCode(response)]).toEqual([404, "not_found"]);
});

test.each([
  [undefined, "/"],
  ["/nowhere/dist", "/"],
  [undefined, "/watch/x/0"],
])("without a built page (%s), the way to build it is told at %s", async (webRoot, path) => {
  const { send } = await createWorld({ webRoot });
  const response = await send(path);
  expect(response.status).toBe(404);
  expect(await response.json()).toMatchObject({ code: "not_found", detail: expect.stringContaining("npm run build") });
});
