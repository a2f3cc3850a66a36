import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { H264, makeFilm } from "../../packages/stream/test/support/films.ts";
import { launchBrowser, SMALL_WINDOW } from "../support/browser.ts";
import { SERVED_INFO_HASH, serveFiles } from "../support/serve-files.ts";
import { describeWith } from "../support/tools.ts";

const FILM = "film.mkv";
const TONE = "-f lavfi -i sine=440:r=48000:d=12";

/** Segments of two seconds, with B-frames: half of the film has no picture. */
const HALF = `-f lavfi -i testsrc2=size=320x180:rate=24:duration=6 ${TONE}`;
/** One picture, as films of music have it. */
const STILL = `-f lavfi -i testsrc2=size=320x180:rate=1:duration=1 ${TONE}`;
/** So short a picture that hls.js, by itself, never takes the sound that follows. */
const BLINK = `-f lavfi -i testsrc2=size=320x180:rate=100:duration=0.05 ${TONE}`;

describeWith("ffmpeg", "chromium")("A film whose sound is longer than its picture", () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchBrowser();
  });
  afterAll(() => browser.close());

  test.each([
    ["half as long, that is entered behind it", HALF, 9],
    ["of one frame, that is entered behind it", STILL, 9],
    ["of some frames", BLINK, 0],
  ])("plays to its end with a picture %s", async (_, source, startSeconds) => {
    const bytes = await makeFilm("mkv", `${H264} -c:a ac3`, source);
    await using server = await serveFiles([{ path: FILM, bytes }]);
    const page = await browser.newPage(SMALL_WINDOW);
    await page.goto(`${server.url}/watch/${SERVED_INFO_HASH}/0`);
    await page.getByTestId("player").waitFor({ state: "attached" });
    await page.evaluate(seekOnceItIsKnown(startSeconds));
    const endSeconds = await playedTo(page);
    expect(endSeconds).toBeGreaterThan(11.9);
    await page.close();
  });
});

/** Before anything is played: later, hls.js helps itself. */
const seekOnceItIsKnown = (seconds: number): string => `(async () => {
  const video = document.querySelector("video");
  video.muted = true;
  video.playbackRate = 8;
  if (video.readyState === 0) await new Promise((known) => video.addEventListener("loadedmetadata", known));
  if (${seconds} > 0) video.currentTime = ${seconds};
})()`;

function playedTo(page: Page): Promise<number> {
  return page.evaluate<number>(`new Promise((resolve) => {
    const video = document.querySelector("video");
    if (video.ended) resolve(video.currentTime);
    video.addEventListener("ended", () => resolve(video.currentTime));
    setTimeout(() => resolve(video.currentTime), 40_000);
  })`);
}
