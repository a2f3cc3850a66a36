import { createHash } from "node:crypto";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { prepareFilms } from "../films/prepare-films.ts";
import { decodeFrames } from "../films/read-frames.ts";
import { readFrameInPage, seekInPage } from "../films/read-in-page.ts";
import { type FilmName, recipeOf } from "../films/recipes.ts";
import { launchBrowser } from "../support/browser.ts";
import { shareFilm } from "../support/film-torrent.ts";
import { filesOf, startQuietRiptide } from "../support/riptide.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { describeWith } from "../support/tools.ts";

describeWith(
  "ffmpeg",
  "libtorrent",
  "chromium",
)("virtual.mp4 in a bare <video>", () => {
  prepareFilms("mp4-moov-last", "mkv-h264-aac-srt", "demo-mkv", "demo-webm");

  let browser: Browser;
  beforeAll(async () => {
    browser = await launchBrowser();
  });
  afterAll(() => browser.close());

  it.each<FilmName>(["mp4-moov-last", "mkv-h264-aac-srt", "demo-mkv", "demo-webm"])(
    "%s plays, and shows the right picture after each seek",
    async (name) => {
      await using film = await shareFilm(name, { pieceLengthBytes: 64 * 1024 });
      await using folder = await temporaryFolder("virtual");
      await using riptide = await startQuietRiptide(folder.path);
      await riptide.add(film.magnet);
      await filesOf(riptide, film.infoHash);
      const page = await browser.newPage();
      try {
        await page.goto(riptide.url);
        const url = `${riptide.url}/stream/${film.infoHash}/0/virtual.mp4`;
        const played = await page.evaluate<Played>(`(${PLAY_SOME})(${JSON.stringify(url)})`);
        const { durationSeconds, framesPerSecond } = recipeOf(name);
        expect(Math.abs(played.durationSeconds - durationSeconds)).toBeLessThan(0.1);
        expect(played.frame).toBeGreaterThan(0);
        expect(played.soundBytes).toBeGreaterThan(0);
        for (const share of [0.8, 0.2, 0.95]) {
          const frame = Math.round(share * durationSeconds * framesPerSecond);
          const seconds = (frame + 0.5) / framesPerSecond;
          await page.evaluate(`(${seekInPage})(document.querySelector("video"), ${seconds})`);
          expect(await page.evaluate(`(${readFrameInPage})(document.querySelector("video"))`)).toBe(frame);
        }
        expect(await page.evaluate(`(${PLAY_TO_END})()`)).toBe(true);
      } finally {
        await page.close();
      }
    },
  );
});

describeWith("ffmpeg", "libtorrent")("a download of virtual.mp4", () => {
  prepareFilms("mp4-moov-last", "mkv-h264-aac-srt");

  it.each<FilmName>(["mp4-moov-last", "mkv-h264-aac-srt"])(
    "of %s that was broken off goes on where it was, and is whole in the end",
    async (name) => {
      await using film = await shareFilm(name, { pieceLengthBytes: 64 * 1024 });
      await using folder = await temporaryFolder("virtual");
      await using riptide = await startQuietRiptide(folder.path);
      await riptide.add(film.magnet);
      const url = `${riptide.url}/stream/${film.infoHash}/0/virtual.mp4`;
      const chunks: Uint8Array[] = [];
      const receivedBytes = (): number => chunks.reduce((sum, { length }) => sum + length, 0);
      const first = await fetch(url);
      const sizeBytes = Number(first.headers.get("content-length"));
      for await (const chunk of first.body!) {
        chunks.push(chunk);
        if (receivedBytes() > sizeBytes / 3) break;
      }
      const headers = { range: `bytes=${receivedBytes()}-`, "if-range": first.headers.get("etag")! };
      const rest = await fetch(url, { headers });
      expect(rest.status).toBe(206);
      chunks.push(new Uint8Array(await rest.arrayBuffer()));
      const whole = new Uint8Array(await (await fetch(url)).arrayBuffer());
      expect(whole.length).toBe(sizeBytes);
      expect(sha256(Buffer.concat(chunks))).toBe(sha256(whole));
      expect((await decodeFrames(whole)).map(({ number }) => number)).toEqual([...Array(480).keys()]);
    },
  );
});

const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

interface Played {
  readonly durationSeconds: number;
  readonly frame: number | undefined;
  readonly soundBytes: number;
}

/** Runs in the page: plays until the picture has moved on, and stops there. */
const PLAY_SOME = `async (url) => {
  const video = Object.assign(document.createElement("video"), { muted: true, src: url });
  document.body.replaceChildren(video);
  const failed = new Promise((_, reject) => {
    video.addEventListener("error", () => reject(new Error(video.error.message)));
  });
  const moved = new Promise((resolve) => {
    video.addEventListener("timeupdate", () => video.currentTime > 1 && resolve());
  });
  await Promise.race([video.play().then(() => moved), failed]);
  video.pause();
  return {
    durationSeconds: video.duration,
    frame: (${readFrameInPage})(video),
    soundBytes: video.webkitAudioDecodedByteCount,
  };
}`;

/** Runs in the page. */
const PLAY_TO_END = `async () => {
  const video = document.querySelector("video");
  const ended = new Promise((resolve, reject) => {
    video.addEventListener("ended", resolve);
    video.addEventListener("error", () => reject(new Error(video.error.message)));
  });
  await video.play();
  await ended;
  return video.ended;
}`;
