import { MediaError, TranscodeError } from "@riptide/core";
import { describe, expect, test } from "vitest";
import { JPEG } from "../support/fake-streams.ts";
import { createWorld, FILM, LATE, MAGNET_ONLY, post, problemCode } from "../support/world.ts";

const pathOf = (query: string, index = 0, infoHash = FILM): string =>
  `/api/torrents/${infoHash}/files/${index}/thumbnail${query}`;

describe("a thumbnail", () => {
  test.each([
    ["?t=9.5", { timeSeconds: 9.5, widthPixels: 320 }],
    ["?t=0&width=320", { timeSeconds: 0, widthPixels: 320 }],
    ["?t=3600&width=160", { timeSeconds: 3600, widthPixels: 160 }],
  ])("of %s is a picture, and says of when", async (query, wish) => {
    const { send, streams } = await createWorld();
    const response = await send(pathOf(query));
    expect(response.status).toBe(200);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      "content-type": "image/jpeg",
      "x-thumbnail-seconds": "8.25",
      "cache-control": "private, max-age=86400",
      "x-content-type-options": "nosniff",
    });
    expect(new Uint8Array(await response.arrayBuffer())).toEqual(JPEG);
    expect(streams.pictured).toMatchObject([{ wish, context: { file: { infoHash: FILM, index: 0 } } }]);
  });

  test("whose bytes are missing is nothing, for now", async () => {
    const { send, streams } = await createWorld();
    streams.isListKnown = false;
    const response = await send(pathOf("?t=1"));
    expect([response.status, response.headers.get("retry-after"), await response.text()]).toEqual([204, "5", ""]);
    expect(response.headers.get("cache-control")).toBe("no-store");
  });

  test("does not hasten what is being prepared", async () => {
    const { send, streams } = await createWorld();
    await send(`/api/torrents/${FILM}/files/0/prepare`, post("application/json", "{}"));
    await send(pathOf("?t=1"));
    expect(streams.prepared.map(({ isHastened }) => isHastened)).toEqual([false]);
  });

  test.each([
    [new TranscodeError("ffmpeg_missing", "Install ffmpeg."), 503, "ffmpeg_missing"],
    [new MediaError("unsupported_media", "No picture."), 415, "unsupported_media"],
  ])("says why there is none: %s", async (failure, status, code) => {
    const { send, streams } = await createWorld();
    streams.failure = failure;
    const response = await send(pathOf("?t=1"));
    expect([response.status, await problemCode(response)]).toEqual([status, code]);
  });

  test.each([
    [pathOf(""), "bad_request"],
    [pathOf("?t=-1"), "bad_request"],
    [pathOf("?t=1&width=4096"), "bad_request"],
    [pathOf("?t=1", 9), "file_not_found"],
    [pathOf("?t=1", 0, MAGNET_ONLY), "torrent_not_found"],
    [pathOf("?t=1", 0, LATE), "metadata_pending"],
  ])("%s is refused at once", async (path, code) => {
    const { send, add, streams } = await createWorld();
    await add(LATE);
    expect(await problemCode(await send(path))).toBe(code);
    expect(streams.pictured).toEqual([]);
  });
});
