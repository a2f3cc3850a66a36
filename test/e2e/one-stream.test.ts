import type { Readiness } from "@riptide/http";
import { expect, it } from "vitest";
import { prepareFilms } from "../films/prepare-films.ts";
import { recipeOf } from "../films/recipes.ts";
import { launchBrowser, SMALL_WINDOW } from "../support/browser.ts";
import { demandsOf, elapsed, expectTruth, PATIENCE_MS, pressPlay, shownFrom } from "../support/film-in-page.ts";
import { shareFilm } from "../support/film-torrent.ts";
import { fetchedBytes, filesOf, type RunningRiptide, startQuietRiptide } from "../support/riptide.ts";
import { everyNth } from "../support/soak.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { describeWith } from "../support/tools.ts";
import { waitUntil } from "../support/wait.ts";

const { durationSeconds, framesPerSecond } = recipeOf("long-avi");
/** What the page downloads ahead, what the server reads ahead of that, and a keyframe's distance, of 240 seconds. */
const NEAR_SHARE = (30 + 20 + 10) / durationSeconds;

describeWith(
  "ffmpeg",
  "libtorrent",
  "chromium",
)("a film that is converted as one stream", () => {
  prepareFilms("long-avi");

  it("is sought in by another stream from there", { timeout: 300_000 }, async () => {
    await using browser = await launchBrowser();
    await using film = await shareFilm("long-avi");
    await using folder = await temporaryFolder("one-stream");
    await using riptide = await startQuietRiptide(folder.path);
    const page = await browser.newPage(SMALL_WINDOW);
    await page.goto(riptide.url);
    await riptide.add(film.magnet);
    const { files } = await filesOf(riptide, film.infoHash);
    const nearBytes = NEAR_SHARE * files[0]!.length;

    await pressPlay(page);
    await page.evaluate(`(${shownFrom})(0)`);
    expect(await page.getByTestId("reasons").textContent()).toContain("The picture is converted to H.264");
    expect(Math.abs((await page.evaluate<number>(DURATION)) - durationSeconds)).toBeLessThan(0.1);
    await expectTruth(page, framesPerSecond);
    for (const share of everyNth([0.9, 0.1, 0.5], 3)) {
      const seconds = share * durationSeconds + 0.5 / framesPerSecond;
      const bytesBefore = await fetchedBytes(riptide, film);
      const startedMs = performance.now();
      await page.evaluate(`{
        const video = document.querySelector("video");
        video.currentTime = ${seconds};
        void video.play();
      }`);
      await page.evaluate(`(${shownFrom})(${seconds - 1 / framesPerSecond})`);
      // Asked for now: while pictures and sounds are compared below, the film plays on and is read on.
      const fetched = (await fetchedBytes(riptide, film)) - bytesBefore;
      console.log(`seek to ${share * 100} %: picture after ${elapsed(startedMs)} ms, ${fetched} bytes`);
      await expectTruth(page, framesPerSecond);
      expect(fetched).toBeLessThan(nearBytes);
    }
    await page.getByTestId("close-player").click();
    await waitUntil("nobody wants the film any more", async () => (await demandsOf(riptide, film)) === 0, PATIENCE_MS);
    await waitUntil("no ffmpeg is left", async () => (await runningFfmpegs(riptide)) === 0);
  });
});

const DURATION = `document.querySelector("video").duration`;

async function runningFfmpegs(riptide: RunningRiptide): Promise<number | undefined> {
  return (await riptide.api<Readiness>("/readyz")).ffmpeg?.active;
}
