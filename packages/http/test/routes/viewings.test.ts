import { expect, test } from "vitest";
import {
  createWorld,
  DELETE,
  FILM,
  FROM_OUR_PAGE,
  LATE,
  MAGNET_ONLY,
  problemCode,
  put,
  statusAndJson,
  WATCHED_AT,
} from "../support/world.ts";

const VIEWING = `/api/torrents/${FILM}/files/0/viewing`;

test("a viewing is recorded, listed with the latest first, and forgotten", async () => {
  const { send, clock } = await createWorld();
  const first = { infoHash: FILM, index: 0, positionSeconds: 61.5, watchedAt: WATCHED_AT, isFinished: false };
  const recorded = await send(VIEWING.replace("0123456789abcdef", "0123456789ABCDEF"), put({ positionSeconds: 61.5 }));
  expect(await statusAndJson(recorded)).toEqual({ status: 200, body: first });

  await clock.advance(60_000);
  const watched = { positionSeconds: 1150, durationSeconds: 1200, audio: 2, subtitle: "file-4" };
  const second = { infoHash: FILM, index: 1, ...watched, watchedAt: "2026-11-27T00:01:00.000Z", isFinished: true };
  await send(`/api/torrents/${FILM}/files/1/viewing`, put(watched));
  expect(await statusAndJson(await send("/api/viewings"))).toEqual({
    status: 200,
    body: { viewings: [second, first] },
  });

  expect((await send(VIEWING, DELETE)).status).toBe(204);
  expect((await send(VIEWING, DELETE)).status).toBe(204);
  expect(await (await send("/api/viewings")).json()).toEqual({ viewings: [second] });
});

test.each([
  ["no torrent", `/api/torrents/${MAGNET_ONLY}/files/0/viewing`, "torrent_not_found"],
  ["no file", `/api/torrents/${FILM}/files/9/viewing`, "file_not_found"],
  ["a file that nobody has named yet", `/api/torrents/${LATE}/files/0/viewing`, "metadata_pending"],
])("%s can be watched or forgotten", async (_title, path, code) => {
  const { send, add } = await createWorld();
  await add(LATE);
  expect(await problemCode(await send(path, put({ positionSeconds: 1 })))).toBe(code);
  expect(await problemCode(await send(path, DELETE))).toBe(code);
  expect(await (await send("/api/viewings")).json()).toEqual({ viewings: [] });
});

test.each([
  ["no position", {}],
  ["a position before the film", { positionSeconds: -1 }],
  ["a position that is no time", { positionSeconds: 1e12 }],
  ["a name that is too long", { positionSeconds: 1, subtitle: "x".repeat(201) }],
  ["a track that is none", { positionSeconds: 1, audio: 0.5 }],
  ["words that nobody knows", { positionSeconds: 1, watchedAt: WATCHED_AT }],
])("%s is refused", async (_title, body) => {
  const { send, viewings } = await createWorld();
  expect(await problemCode(await send(VIEWING, put(body)))).toBe("bad_request");
  expect(viewings.list()).toEqual([]);
});

test("another site's page, or a body of another kind, changes nothing", async () => {
  const { send, viewings } = await createWorld();
  const foreign = { ...put({ positionSeconds: 1 }), headers: { "sec-fetch-site": "cross-site" } };
  expect(await problemCode(await send(VIEWING, foreign))).toBe("forbidden");
  const text = { method: "PUT", body: "{}", headers: { ...FROM_OUR_PAGE, "content-type": "text/plain" } };
  expect(await problemCode(await send(VIEWING, text))).toBe("unsupported_media_type");
  expect(viewings.list()).toEqual([]);
});

test("viewings go with the bytes of their torrent, and stay without them", async () => {
  const { send, add } = await createWorld();
  await send(VIEWING, put({ positionSeconds: 5 }));
  await send(`/api/torrents/${FILM}`, DELETE);
  expect(await (await send("/api/viewings")).json()).toMatchObject({ viewings: [{ positionSeconds: 5 }] });
  await add(FILM);
  await send(`/api/torrents/${FILM}?data=true`, DELETE);
  expect(await (await send("/api/viewings")).json()).toEqual({ viewings: [] });
});

test("that of a torrent that has gone can be forgotten", async () => {
  const { send } = await createWorld();
  await send(VIEWING, put({ positionSeconds: 5 }));
  await send(`/api/torrents/${FILM}`, DELETE);
  expect((await send(VIEWING, DELETE)).status).toBe(204);
  expect(await problemCode(await send(VIEWING, DELETE))).toBe("torrent_not_found");
});
