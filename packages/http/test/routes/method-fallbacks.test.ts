import { expect, test } from "vitest";
import { createWorld, FILM, FROM_OUR_PAGE, problemCode } from "../support/world.ts";

const READING = "GET, HEAD";

test.each([
  ["/", "DELETE", READING],
  ["/livez", "POST", READING],
  ["/readyz", "DELETE", READING],
  ["/openapi.json", "POST", READING],
  ["/api/events", "POST", READING],
  ["/api/torrents", "DELETE", "POST, GET, HEAD"],
  ["/api/torrents", "PUT", "POST, GET, HEAD"],
  [`/api/torrents/${FILM}`, "POST", "GET, HEAD, DELETE"],
  [`/api/torrents/${FILM}/files/0`, "DELETE", READING],
  [`/api/torrents/${FILM}/files/0/map`, "PATCH", READING],
  [`/stream/${FILM}/0`, "POST", READING],
  [`/stream/${FILM}/0/direct`, "PUT", READING],
  [`/stream/${FILM}/0/remux.mp4`, "DELETE", READING],
])("%s does not take %s, and says what it takes", async (path, method, allow) => {
  const { send } = await createWorld();
  const headers = { ...FROM_OUR_PAGE, "content-type": "application/json" };
  const response = await send(path, { method, headers, ...(method !== "DELETE" && { body: "{}" }) });
  expect([response.status, response.headers.get("allow")]).toEqual([405, allow]);
  expect(await problemCode(response)).toBe("method_not_allowed");
});

test.each(["GET", "POST", "DELETE", "OPTIONS"])("an unknown address is unknown to %s too", async (method) => {
  const { send } = await createWorld();
  const headers = { ...FROM_OUR_PAGE, "content-type": "application/json" };
  const response = await send("/api/unknown", { method, headers });
  expect([response.status, await problemCode(response)]).toEqual([404, "not_found"]);
});
