import { stat } from "node:fs/promises";
import type { Page } from "playwright-core";
import { expect, it } from "vitest";
import { prepareFilms } from "../films/prepare-films.ts";
import { recipeOf } from "../films/recipes.ts";
import { launchBrowser, OPENS_NO_MATROSKA, SMALL_WINDOW } from "../support/browser.ts";
import { elapsed, expectTruth, PATIENCE_MS, pressPlay, shownFrom } from "../support/film-in-page.ts";
import { shareFilm } from "../support/film-torrent.ts";
import { fetchedBytes, filesOf, startQuietRiptide } from "../support/riptide.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { describeWith } from "../support/tools.ts";
import { waitUntil } from "../support/wait.ts";

describeWith(
  "ffmpeg",
  "libtorrent",
  "chromium",
)("a film without an index", () => {
  prepareFilms("mkv-no-cues");

  it("plays from its start while it comes, and is sought in as far as it has come", { timeout: 300_000 }, async () => {
    const { durationSeconds, framesPerSecond } = recipeOf("mkv-no-cues");
    await using browser = await launchBrowser();
    // A third faster than it plays.
    await using film = await shareFilm("mkv-no-cues", { uploadBytesPerSecond: 80_000, pieceLengthBytes: 16 * 1024 });
    await using folder = await temporaryFolder("unindexed");
    await using riptide = await startQuietRiptide(folder.path);
    const page = await browser.newPage(SMALL_WINDOW);
    await page.addInitScript(OPENS_NO_MATROSKA);
    await page.goto(riptide.url);
    await riptide.add(film.magnet);
    await filesOf(riptide, film.infoHash);
    const startedMs = performance.now();
    await pressPlay(page);
    await page.evaluate(`(${shownFrom})(0)`);
    const [startBytes, atStart] = [await fetchedBytes(riptide, film), await knownSeconds(page)];
    console.log(
      `first picture after ${elapsed(startedMs)} ms, ${(startBytes / 1e6).toFixed(2)} MB, ${atStart.toFixed(1)} s known`,
    );
    expect(await page.getByTestId("reasons").textContent()).toContain("you can seek as far as it has been read");
    expect(startBytes).toBeLessThan((await stat(film.path)).size / 2);
    expect(atStart).toBeLessThan(durationSeconds / 2);

    await page.evaluate(WATCH_TIMES);
    await page.evaluate(`(${shownFrom})(7)`);
    const { growths, isSteady } = await page.evaluate<WatchedTimes>("watched()");
    console.log(`at 7 s after ${elapsed(startedMs)} ms, after ${growths} growths`);
    expect([growths >= 2, isSteady]).toEqual([true, true]);
    await expectTruth(page, framesPerSecond);
    await page.evaluate(`document.querySelector("video").currentTime = 2.1`);
    await expectTruth(page, framesPerSecond);
    const isKnown = async (): Promise<boolean> => Math.abs((await knownSeconds(page)) - durationSeconds) < 0.2;
    await waitUntil("the film is known to its end", isKnown, PATIENCE_MS);
    await page.evaluate(`document.querySelector("video").currentTime = 6.1`);
    await expectTruth(page, framesPerSecond);
    await page.evaluate(`document.querySelector("video").play()`);
    const isEnded = async (): Promise<boolean> => await page.evaluate(`document.querySelector("video").ended`);
    await waitUntil("the film ends", isEnded, PATIENCE_MS);
  });
});

const knownSeconds = (page: Page): Promise<number> => page.evaluate<number>(`document.querySelector("video").duration`);

interface WatchedTimes {
  readonly growths: number;
  readonly isSteady: boolean;
}

/** Watches how often the film gets longer, and whether its time ever goes back. */
const WATCH_TIMES = `{
  const video = document.querySelector("video");
  const seen = { growths: 0, isSteady: true };
  let latest = video.currentTime;
  video.addEventListener("durationchange", () => (seen.growths += 1));
  video.addEventListener("timeupdate", () => {
    if (video.currentTime < latest) seen.isSteady = false;
    latest = video.currentTime;
  });
  globalThis.watched = () => ({ ...seen });
}`;
