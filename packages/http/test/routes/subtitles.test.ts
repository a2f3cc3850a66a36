import { MediaError, StreamError } from "@riptide/core";
import { describe, expect, test } from "vitest";
import { ATTACHMENTS, MEDIA_INFO } from "../support/fake-streams.ts";
import {
  createWorld,
  FILM,
  FILM_BYTES,
  FROM_OUR_PAGE,
  LATE,
  MAGNET_ONLY,
  post,
  problemCode,
  statusAndJson,
} from "../support/world.ts";

const SERIES = "e".repeat(40);
const EMPTY = new Uint8Array(10);
const SEEDS = [
  {
    infoHash: SERIES,
    name: "Series",
    files: [
      { path: "Series/S01E01.mkv", bytes: FILM_BYTES },
      { path: "Series/S01E02.mkv", bytes: FILM_BYTES },
      { path: "Series/S01E01.de.forced.srt", bytes: EMPTY },
      { path: "Series/Subs/S01E02/2_English [SDH].ass", bytes: EMPTY },
      { path: "Series/Subs/S01E02/Commentary.sup", bytes: EMPTY },
      { path: "Series/cover.jpg", bytes: EMPTY },
    ],
  },
];

async function createSeries(options: { readonly token?: string } = {}) {
  const world = await createWorld({ seeds: SEEDS, ...options });
  await world.add(SERIES);
  return world;
}

describe("a stream of subtitles", () => {
  test.each([
    [`/stream/${FILM}/0/subtitles/0.vtt`, 0, "film.mkv"],
    [`/stream/${FILM}/0/subtitles/12.ass?from=90&to=120.5`, 0, "film.mkv"],
    [`/stream/${FILM.toUpperCase()}/0/subtitles/0.sup`, 0, "film.mkv"],
    [`/stream/${FILM}/0/subtitles/file-1.vtt`, 1, "page.html"],
    [`/stream/${FILM}/0/attachments/7`, 0, "film.mkv"],
  ])("at %s comes from file %i", async (path, index, name) => {
    const { send, streams } = await createWorld();
    const response = await send(path);
    expect(response.status).toBe(200);
    expect(response.headers.get("content-security-policy")).toMatch(/^sandbox allow-same-origin; script-src 'none'/);
    expect(response.headers.get("server-timing")).toContain("total;dur=");
    await response.body?.cancel();
    expect(streams.produced.map(({ by }) => by)).toEqual(["subtitles"]);
    expect(streams.produced[0]?.request.url).toContain(path);
    expect(streams.produced[0]?.context.file).toEqual({ infoHash: FILM, index, name });
  });

  test("answers HEAD with the headers of GET and no body", async () => {
    const { send, streams } = await createWorld();
    for (const name of ["subtitles/0.vtt", "subtitles/file-1.vtt", "attachments/0"]) {
      const response = await send(`/stream/${FILM}/0/${name}`, { method: "HEAD" });
      expect([response.status, response.headers.get("content-type"), response.body]).toEqual([200, "video/mp4", null]);
    }
    expect(streams.produced.map(({ request }) => request.method)).toEqual(["HEAD", "HEAD", "HEAD"]);
  });

  test.each([
    [`/stream/${LATE}/0/subtitles/0.vtt`, 404, "torrent_not_found"],
    [`/stream/${FILM}/9/subtitles/0.vtt`, 404, "file_not_found"],
    [`/stream/${FILM}/0/subtitles/file-9.vtt`, 404, "file_not_found"],
    [`/stream/${FILM}/9/attachments/0`, 404, "file_not_found"],
    [`/stream/${FILM}/0/subtitles/0.srt`, 400, "bad_request"],
    [`/stream/${FILM}/0/subtitles/x.vtt`, 400, "bad_request"],
    [`/stream/${FILM}/0/subtitles/-1.vtt`, 400, "bad_request"],
    [`/stream/${FILM}/0/subtitles/file-1.ass`, 400, "bad_request"],
    [`/stream/${FILM}/0/subtitles/file-99999999.vtt`, 400, "bad_request"],
    [`/stream/${FILM}/0/subtitles/0.vtt?from=soon`, 400, "bad_request"],
    [`/stream/${FILM}/0/subtitles/0.vtt?to=-1`, 400, "bad_request"],
    [`/stream/${FILM}/x/subtitles/0.vtt`, 400, "bad_request"],
    [`/stream/${FILM}/0/attachments/arial.ttf`, 400, "bad_request"],
    [`/stream/${FILM}/0/attachments/..%2f0`, 400, "bad_request"],
    [`/stream/${FILM}/0/subtitles`, 404, "not_found"],
    [`/stream/${FILM}/0/attachments`, 404, "not_found"],
  ])("at %s is refused", async (path, status, code) => {
    const { send, streams } = await createWorld();
    const response = await send(path);
    expect([response.status, await problemCode(response)]).toEqual([status, code]);
    expect(streams.produced).toEqual([]);
  });

  test.each([
    [new StreamError("stream_not_found", "There are no such subtitles."), 404],
    [new MediaError("unsupported_media", "Ask for them as .vtt."), 415],
    [new MediaError("not_seekable", "These are no times."), 422],
    [new StreamError("no_peers", "Nobody has it."), 504],
  ])("that fails with %s becomes a problem document", async (failure, status) => {
    const { send, streams } = await createWorld();
    streams.failure = failure;
    const response = await send(`/stream/${FILM}/0/subtitles/0.vtt`);
    expect(await response.clone().json()).toMatchObject({ detail: failure.message });
    expect([response.status, await problemCode(response)]).toEqual([status, failure.code]);
  });

  test("needs the token and an allowed host, as all others do", async () => {
    const { send, add } = await createWorld({ token: "t".repeat(32) });
    await add(FILM);
    for (const path of [
      `/stream/${FILM}/0/subtitles/0.vtt`,
      `/stream/${FILM}/0/attachments/0`,
      `/api/torrents/${FILM}/files/0/attachments`,
    ]) {
      expect((await send(path)).status).toBe(401);
      const allowed = await send(`${path}?token=${"t".repeat(32)}`);
      expect(allowed.status).toBe(200);
      await allowed.body?.cancel();
      expect((await send(path, { headers: { host: "evil.example" } })).status).toBe(421);
    }
  });

  test("of a magnet without metadata is waited for", async () => {
    const { send, add, clock } = await createWorld();
    await add(MAGNET_ONLY);
    const response = await clock.runUntil(send(`/stream/${MAGNET_ONLY}/0/subtitles/0.vtt`), 60_000);
    expect([clock.nowMs(), await problemCode(response)]).toEqual([30_000, "metadata_pending"]);
  });
});

describe("the files of subtitles in a torrent", () => {
  test.each([
    {
      index: 0,
      sidecars: [
        {
          index: 2,
          path: "Series/S01E01.de.forced.srt",
          kind: "srt",
          language: "de",
          isForced: true,
          isHearingImpaired: false,
        },
      ],
    },
    {
      index: 1,
      sidecars: [
        {
          index: 3,
          path: "Series/Subs/S01E02/2_English [SDH].ass",
          kind: "ass",
          language: "en",
          isForced: false,
          isHearingImpaired: true,
        },
        {
          index: 4,
          path: "Series/Subs/S01E02/Commentary.sup",
          kind: "sup",
          title: "Commentary",
          isForced: false,
          isHearingImpaired: false,
        },
      ],
    },
  ])("are in the media info of the film $index that they belong to", async ({ index, sidecars }) => {
    const { send } = await createSeries();
    expect(await statusAndJson(await send(`/api/torrents/${SERIES}/files/${index}`))).toMatchObject({
      status: 200,
      body: { container: MEDIA_INFO.container, sidecars },
    });
  });

  test("are served by their own index", async () => {
    const { send, streams } = await createSeries();
    await (await send(`/stream/${SERIES}/0/subtitles/file-2.vtt`)).body?.cancel();
    expect(streams.produced[0]?.context).toMatchObject({
      file: { infoHash: SERIES, index: 2, name: "S01E01.de.forced.srt" },
      provider: { sizeBytes: EMPTY.length },
    });
  });
});

describe("what is attached to a film", () => {
  const LIST = ATTACHMENTS.map(({ index, name, mediaType, lengthBytes }) => ({
    index,
    name,
    mediaType,
    length: lengthBytes,
  }));

  test("is listed without where it lies", async () => {
    const { send } = await createWorld();
    expect(await statusAndJson(await send(`/api/torrents/${FILM}/files/0/attachments`))).toEqual({
      status: 200,
      body: { attachments: LIST },
    });
  });

  test("is left out of the media info until it is known", async () => {
    const { send, streams } = await createWorld();
    expect(await (await send(`/api/torrents/${FILM}/files/0`)).json()).toMatchObject({ attachments: LIST });
    streams.isListKnown = false;
    expect(await (await send(`/api/torrents/${FILM}/files/0`)).json()).not.toHaveProperty("attachments");
  });

  test("is not listed of what is no film", async () => {
    const { send, streams } = await createWorld();
    streams.failure = new MediaError("not_media", "This is no media.");
    const response = await send(`/api/torrents/${FILM}/files/1/attachments`);
    expect([response.status, await problemCode(response)]).toEqual([415, "not_media"]);
  });
});

describe("a file of subtitles that a viewer has", () => {
  const SRT = "1\n00:00:01,000 --> 00:00:02,500\n<i>Guten</i> Tag\n";

  test.each(["application/octet-stream", "text/plain; charset=windows-1252", "text/x-ssa"])(
    "becomes WebVTT, sent as %s",
    async (contentType) => {
      const { send } = await createWorld();
      const response = await send("/api/subtitles", post(contentType, SRT));
      expect([response.status, response.headers.get("content-type")]).toEqual([200, "text/vtt; charset=utf-8"]);
      expect(response.headers.get("content-security-policy")).toContain("sandbox");
      expect(response.headers.get("cache-control")).toBe("no-store");
      expect(await response.text()).toBe("WEBVTT\n\n00:00:01.000 --> 00:00:02.500\n<i>Guten</i> Tag\n");
    },
  );

  test.each([
    ["no subtitles", post("text/plain", "Dear diary"), 415, "unsupported_media"],
    ["of another type", post("application/json", "{}"), 415, "unsupported_media_type"],
    [
      "without a type",
      { ...post("text/plain", SRT), headers: FROM_OUR_PAGE, body: Buffer.from(SRT) },
      415,
      "unsupported_media_type",
    ],
    ["too large", post("text/plain", `${SRT}${" ".repeat(5 * 1024 * 1024)}`), 413, "payload_too_large"],
    [
      "sent by another site's page",
      { ...post("text/plain", SRT), headers: { origin: "https://evil.example", "content-type": "text/plain" } },
      403,
      "forbidden",
    ],
    ["asked for", {}, 405, "method_not_allowed"],
  ])("is refused if it is %s", async (_title, options, status, code) => {
    const { send } = await createWorld();
    const response = await send("/api/subtitles", options);
    expect([response.status, await problemCode(response)]).toEqual([status, code]);
  });
});
