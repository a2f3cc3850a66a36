import { expect, test } from "vitest";
import { addResponseHeaders } from "../../src/security/response-headers.ts";
import { createWorld, FILM } from "../support/world.ts";

test.each(["/", "/api/torrents", `/stream/${FILM}/0`, "/api/events", "/livez", "/nothing", "/api/torrents/x"])(
  "%s forbids sniffing, referrers, framing and foreign scripts",
  async (path) => {
    const { send } = await createWorld();
    const response = await send(path);
    await response.body?.cancel();
    expect(Object.fromEntries(response.headers)).toMatchObject({
      "x-content-type-options": "nosniff",
      "referrer-policy": "no-referrer",
      "content-security-policy": expect.stringContaining(
        "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; media-src 'self' blob: data:; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'",
      ),
    });
    expect(response.headers.get("server")).toBeNull();
  },
);

test("a stream opened as a page runs no script at all", async () => {
  const { send } = await createWorld();
  const response = await send(`/stream/${FILM}/0/direct`);
  await response.body?.cancel();
  expect(response.headers.get("content-security-policy")).toMatch(
    /^sandbox allow-same-origin; script-src 'none', default-src 'self'; /,
  );
});

test("what says nothing about caching is not cached", async () => {
  const { send } = await createWorld();
  expect((await send("/api/torrents")).headers.get("cache-control")).toBe("no-store");
});

test("a header that a producer has set already is not said twice", () => {
  const response = new Response(null, { headers: { "x-content-type-options": "nosniff" } });
  addResponseHeaders(response);
  expect(response.headers.get("x-content-type-options")).toBe("nosniff");
});
