import { MediaError } from "@riptide/core";
import { describe, expect, test } from "vitest";
import { PLAYBACK } from "../support/fake-streams.ts";
import { createWorld, FILM, LATE, post, problemCode, statusAndJson } from "../support/world.ts";

const PATH = `/api/torrents/${FILM}/files/0/playback`;
const JSON_TYPE = "application/json";
const CAN = { mse: ['video/mp4; codecs="avc1.640028"'], file: [], nativeHls: false };

function ask(body: unknown = { can: CAN }): ReturnType<typeof post> {
  return post(JSON_TYPE, JSON.stringify(body));
}

describe("choosing how to play", () => {
  test("tells the factory what the player can, and answers with mode, address and reasons", async () => {
    const { send, streams } = await createWorld();
    const can = { ...CAN, maxAudioChannels: 2, isChromium: true, isFirefox: false };
    expect(await statusAndJson(await send(PATH, ask({ can, audio: 3 })))).toEqual({
      status: 200,
      body: { mode: "hls", url: `/stream/${FILM}/0/hls/master.m3u8`, reasons: PLAYBACK.reasons },
    });
    expect(streams.asked).toEqual([{ can, audioIndex: 3 }]);
    await send(PATH, ask());
    expect(streams.asked[1]).toEqual({ can: CAN, audioIndex: undefined });
  });

  const copied = { index: 1, treatment: "copy" } as const;
  const converted = { index: 2, treatment: "aac" } as const;
  test.each([
    ["direct", [copied], "direct"],
    ["virtual", [copied], "virtual.mp4?audio=1"],
    ["remux", [converted], "remux.mp4?audio=2&sound=aac"],
    ["remux", [], "remux.mp4"],
    ["transcode", [copied], "remux.mp4?audio=1"],
    ["hls", [copied], "hls/master.m3u8"],
    ["hls", [], "hls/master.m3u8"],
    ["hls", [converted, copied, { index: 10, treatment: "aac" }], "hls/master.m3u8?aac=2,10"],
  ] as const)("names the stream of %s with the sounds %j", async (mode, audio, address) => {
    const { send, streams } = await createWorld();
    streams.choice = { ...PLAYBACK, mode, audio };
    const response = await send(PATH, ask());
    expect(await response.json()).toMatchObject({ mode, url: `/stream/${FILM}/0/${address}` });
  });

  test("says what a stream is that can be had from any time", async () => {
    const { send, streams } = await createWorld();
    const streamType = 'video/mp4; codecs="avc1.640028"';
    streams.choice = { ...PLAYBACK, mode: "transcode", streamType };
    expect(await (await send(PATH, ask())).json()).toMatchObject({ streamType });
  });

  test("says when the picture is to be converted", async () => {
    const { send, streams } = await createWorld();
    streams.choice = { ...PLAYBACK, mode: "transcode", video: { index: 0, treatment: "h264" } };
    const url = `/stream/${FILM}/0/remux.mp4?audio=0&video=h264`;
    expect(await (await send(PATH, ask())).json()).toMatchObject({ url });
  });

  test("names no sound of a file whose index alone is moved", async () => {
    const { send, streams } = await createWorld();
    streams.choice = { ...PLAYBACK, mode: "virtual", reasons: [{ code: "index_moved", message: "It is moved." }] };
    expect(await (await send(PATH, ask())).json()).toMatchObject({ url: `/stream/${FILM}/0/virtual.mp4` });
  });

  test("names nothing to play where nothing can be played", async () => {
    const { send, streams } = await createWorld();
    const reasons = [{ code: "unsupported_client", message: "Use another player." }] as const;
    streams.choice = { mode: "unsupported", reasons, video: undefined, audio: [] };
    expect(await statusAndJson(await send(PATH, ask()))).toEqual({
      status: 200,
      body: { mode: "unsupported", reasons },
    });
  });
});

const MANY = Array.from({ length: 513 }, () => "a");

test.each<readonly [what: string, type: string, body: unknown, status: number, code: string]>([
  ["nothing", JSON_TYPE, {}, 400, "bad_request"],
  ["no abilities", JSON_TYPE, { can: {} }, 400, "bad_request"],
  ["an unknown ability", JSON_TYPE, { can: { ...CAN, flies: true } }, 400, "bad_request"],
  ["an unknown field", JSON_TYPE, { can: CAN, video: 1 }, 400, "bad_request"],
  ["too many media types", JSON_TYPE, { can: { ...CAN, mse: MANY } }, 400, "bad_request"],
  ["a long media type", JSON_TYPE, { can: { ...CAN, file: ["x".repeat(201)] } }, 400, "bad_request"],
  ["half a sound track", JSON_TYPE, { can: CAN, audio: 0.5 }, 400, "bad_request"],
  ["a sound track before the first", JSON_TYPE, { can: CAN, audio: -1 }, 400, "bad_request"],
  ["too many channels", JSON_TYPE, { can: { ...CAN, maxAudioChannels: 65 } }, 400, "bad_request"],
  ["64 KB and more", JSON_TYPE, { can: CAN, more: "x".repeat(64 * 1024) }, 413, "payload_too_large"],
  ["a torrent", "application/x-bittorrent", { can: CAN }, 415, "unsupported_media_type"],
  ["plain text", "text/plain", { can: CAN }, 415, "unsupported_media_type"],
])("%s is refused", async (_what, type, body, status, code) => {
  const { send, streams } = await createWorld();
  const response = await send(PATH, post(type, JSON.stringify(body)));
  expect([response.status, await problemCode(response)]).toEqual([status, code]);
  expect(streams.asked).toEqual([]);
});

test("another site's page is refused", async () => {
  const { send } = await createWorld();
  const foreign = { ...ask(), headers: { "content-type": JSON_TYPE, origin: "http://evil.example" } };
  expect(await problemCode(await send(PATH, foreign))).toBe("forbidden");
});

test.each([
  [`/api/torrents/${FILM}/files/9/playback`, "file_not_found"],
  [`/api/torrents/${LATE}/files/0/playback`, "torrent_not_found"],
])("%s says %s", async (path, code) => {
  const { send } = await createWorld();
  expect(await problemCode(await send(path, ask()))).toBe(code);
});

test("a file that is no film says so", async () => {
  const { send, streams } = await createWorld();
  streams.failure = new MediaError("not_media", "This file is no film.");
  expect(await problemCode(await send(PATH, ask()))).toBe("not_media");
});
