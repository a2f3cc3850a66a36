import type { StreamContext } from "@riptide/core";
import { beforeAll, describe, expect, test } from "vitest";
import { realClock } from "../../transcode/test/support/clocks.ts";
import { createStreamFactory, type StreamFactoryOptions } from "../src/index.ts";
import type { PlaybackChoice } from "../src/playback.ts";
import { abilitiesOf, type BrowserName } from "./support/clients.ts";
import { createContext, get } from "./support/context.ts";
import { H264, installedFfmpeg, makeFilm } from "./support/films.ts";

const ffmpeg = await installedFfmpeg();
const TWO_SOUNDS = "-map 0:v -map 1:a -map 1:a";
const RECIPES = {
  mp4: ["mp4", `${H264} -c:a aac -movflags +faststart`],
  "mp4, index last": ["mp4", `${H264} -c:a aac`],
  mkv: ["mkv", `${H264} -c:a aac`],
  "mkv without Cues": ["mkv", `${H264} -c:a aac -f matroska -live 1`],
  "mkv with AC-3": ["mkv", `${H264} -c:a ac3`],
  "mkv with AAC and AC-3": ["mkv", `${TWO_SOUNDS} ${H264} -c:a:0 aac -c:a:1 ac3`],
  ts: ["ts", `${H264} -c:a aac`],
  "ts, a moment": ["ts", `${H264} -c:a aac -t 0.3`],
  avi: ["avi", "-c:v mpeg4 -c:a mp3"],
} as const;
type FilmName = keyof typeof RECIPES;

const films = new Map<FilmName, Uint8Array>();
beforeAll(async () => {
  for (const [name, recipe] of Object.entries(RECIPES))
    films.set(name as FilmName, await makeFilm(recipe[0], recipe[1]));
});

async function play(
  browser: BrowserName,
  film: FilmName,
  options: Partial<StreamFactoryOptions> = {},
  audioIndex?: number,
): Promise<PlaybackChoice> {
  const factory = createStreamFactory({ ffmpeg, clock: realClock, ...options });
  const context = contextOf(film);
  const info = await factory.mediaInfo(context);
  return factory.playback(context, abilitiesOf(browser, info), audioIndex);
}

describe("how a film is played", () => {
  test.each<[BrowserName, FilmName, PlaybackChoice["mode"], PlaybackChoice["audio"]]>([
    ["chromium", "mp4", "direct", [{ index: 0, treatment: "copy" }]],
    ["chromium", "mp4, index last", "virtual", [{ index: 0, treatment: "copy" }]],
    ["safari", "mkv", "hls", [{ index: 0, treatment: "copy" }]],
    ["firefox", "mkv", "hls", [{ index: 0, treatment: "copy" }]],
    ["safari", "mkv without Cues", "hls", [{ index: 0, treatment: "copy" }]],
    ["television", "mkv without Cues", "remux", [{ index: 0, treatment: "copy" }]],
    ["chromium", "mkv with AC-3", "hls", [{ index: 0, treatment: "aac" }]],
    [
      "firefox",
      "mkv with AAC and AC-3",
      "hls",
      [
        { index: 0, treatment: "copy" },
        { index: 1, treatment: "aac" },
      ],
    ],
    ["chromium", "avi", "transcode", [{ index: 0, treatment: "aac" }]],
  ])("%s plays %s by %s", async (browser, film, mode, audio) => {
    expect(await play(browser, film)).toMatchObject({ mode, audio });
  });

  test("cuts a film without an index while it reads it, but not one of a moment", async () => {
    const modes = await Promise.all((["ts", "ts, a moment"] as const).map(async (name) => play("firefox", name)));
    expect(modes.map(({ mode, reasons }) => [mode, reasons[1]?.code])).toEqual([
      ["hls", "index_explored"],
      ["remux", "no_key_index"],
    ]);
  });

  test("follows the sound that is asked for", async () => {
    const choice = await play("firefox", "mkv with AAC and AC-3", {}, 1);
    expect([choice.mode, choice.audio[0]]).toEqual(["hls", { index: 1, treatment: "aac" }]);
    expect(await play("firefox", "mkv", {}, 1)).toMatchObject({ mode: "unsupported" });
  });

  test("knows whether there is an ffmpeg", async () => {
    const { mode, reasons } = await play("chromium", "avi", { ffmpeg: undefined });
    expect([mode, reasons.at(-1)?.code]).toEqual(["unsupported", "unsupported_no_ffmpeg"]);
  });

  test("leaves pictures as they are where that is wanted, and refuses the others as one stream too", async () => {
    const { mode, reasons } = await play("chromium", "avi", { neverTranscodeVideo: true });
    expect([mode, reasons.at(-1)?.code]).toEqual(["unsupported", "unsupported_video_conversion"]);
    const factory = createStreamFactory({ ffmpeg, clock: realClock, neverTranscodeVideo: true });
    const message = "This server does not convert pictures. Use another player, or download the film.";
    await expect(factory.remux.produce(get(), contextOf("avi"))).rejects.toMatchObject({
      code: "unsupported_media",
      message,
    });
    const response = await factory.remux.produce(get(), contextOf("mkv with AC-3", 1));
    expect(response.status).toBe(200);
    await response.body?.cancel();
  });
});

function contextOf(film: FilmName, index = 0): StreamContext {
  return createContext({ bytes: films.get(film)!, clock: realClock, index }).context;
}
