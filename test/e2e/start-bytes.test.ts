import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { prepareFilms } from "../films/prepare-films.ts";
import { readFrameInPage } from "../films/read-in-page.ts";
import type { FilmName } from "../films/recipes.ts";
import { launchBrowser, SMALL_WINDOW } from "../support/browser.ts";
import { PIECE_LENGTH_BYTES, shareFilm } from "../support/film-torrent.ts";
import { fetchedBytes, filesOf, startQuietRiptide } from "../support/riptide.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { describeWith } from "../support/tools.ts";
import { waitUntil } from "../support/wait.ts";

const SWARM_BYTES_PER_SECOND = 2_000_000;
const MB = 1_000_000;

/** A limit beyond piece rounding allows for three: the head, the index and the tail each end somewhere inside a piece. */
const PIECE_ROUNDING_BYTES = 3 * PIECE_LENGTH_BYTES;

describeWith(
  "ffmpeg",
  "libtorrent",
  "chromium",
)("a 10-minute film of 8 Mb/s from a swarm of 2 MB/s", () => {
  prepareFilms("long", "long-mp4-moov-first", "long-mp4-moov-last");

  let browser: Browser;
  beforeAll(async () => {
    browser = await launchBrowser();
  });
  afterAll(() => browser.close());

  it.each<{ film: FilmName; limitBytes: number }>([
    { film: "long-mp4-moov-first", limitBytes: 2 * MB + PIECE_ROUNDING_BYTES },
    { film: "long-mp4-moov-last", limitBytes: 2 * MB + PIECE_ROUNDING_BYTES },
    { film: "long", limitBytes: 5 * MB },
  ])("$film shows its first picture before $limitBytes bytes are downloaded", async ({ film: name, limitBytes }) => {
    await using film = await shareFilm(name, { uploadBytesPerSecond: SWARM_BYTES_PER_SECOND });
    await using folder = await temporaryFolder("start");
    await using riptide = await startQuietRiptide(folder.path);
    const page = await browser.newPage(SMALL_WINDOW);
    try {
      await page.goto(riptide.url);
      await riptide.add(film.magnet);
      await filesOf(riptide, film.infoHash);
      const start = await pressPlay(page, `${riptide.url}/stream/${film.infoHash}/0`);
      const downloadedBytes = await fetchedBytes(riptide, film);
      console.log(
        `${name}: first picture after ${start.pictureMs} ms, ${(downloadedBytes / MB).toFixed(2)} MB downloaded`,
      );
      expect(start.frame).toBeLessThan(12);
      expect(downloadedBytes).toBeGreaterThan(0);
      expect(downloadedBytes).toBeLessThan(limitBytes);
      await expectPicturesToAdvance(page);
    } finally {
      await page.close();
    }
  });
});

interface Start {
  readonly pictureMs: number;
  /** Number of the picture it stands at. */
  readonly frame: number | undefined;
}

const READ_FRAME = `(${readFrameInPage})(document.querySelector("video"))`;

/** Plays the stream in a bare `<video>`, and stops the clock and the film at the first picture on the screen. */
async function pressPlay(page: Page, url: string): Promise<Start> {
  const pictureMs = await page.evaluate(`(${PLAY_UNTIL_PICTURE})(${JSON.stringify(url)})`);
  return { pictureMs: Number(pictureMs), frame: await page.evaluate<number | undefined>(READ_FRAME) };
}

/** Runs in the page. */
const PLAY_UNTIL_PICTURE = `async (url) => {
  const video = Object.assign(document.createElement("video"), { muted: true });
  document.body.replaceChildren(video);
  const startedMs = performance.now();
  const shown = new Promise((resolve, reject) => {
    video.requestVideoFrameCallback(resolve);
    video.addEventListener("error", () => reject(new Error(video.error.message)));
  });
  video.src = url;
  await video.play();
  await shown;
  video.pause();
  return Math.round(performance.now() - startedMs);
}`;

async function expectPicturesToAdvance(page: Page): Promise<void> {
  await page.evaluate(`document.querySelector("video").play()`);
  await waitUntil("two seconds of the film were shown", async () => {
    const frame = await page.evaluate<number | undefined>(READ_FRAME);
    return frame !== undefined && frame > 48;
  });
}
