import { expect, test } from "vitest";
import { createWorld, problemCode, WEB_ROOT } from "../support/world.ts";

test.each([
  ["/", "text/html; charset=utf-8", "no-cache", "<title>A page</title>"],
  ["/icon.svg", "image/svg+xml", "no-cache", "<svg"],
  ["/assets/page-1a2b3c.js", "text/javascript; charset=utf-8", "private, max-age=31536000, immutable", "answer = 42"],
  ["/assets/page-1a2b3c.css", "text/css; charset=utf-8", "private, max-age=31536000, immutable", "margin"],
])("the page has %s as %s", async (path, mediaType, cacheControl, text) => {
  const { send } = await createWorld({ webRoot: WEB_ROOT });
  const response = await send(path);
  expect(response.status).toBe(200);
  expect(response.headers.get("content-type")).toBe(mediaType);
  expect(response.headers.get("cache-control")).toBe(cacheControl);
  expect(await response.text()).toContain(text);
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

test.each([undefined, "/nowhere/dist"])("without a built page (%s), the way to build it is told", async (webRoot) => {
  const { send } = await createWorld({ webRoot });
  const response = await send("/");
  expect(response.status).toBe(404);
  expect(await response.json()).toMatchObject({ code: "not_found", detail: expect.stringContaining("npm run build") });
});
