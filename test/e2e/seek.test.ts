import type { Torrent } from "@riptide/http";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { hearInPage } from "../films/hear-in-page.ts";
import { prepareFilms } from "../films/prepare-films.ts";
import { readFrameInPage, seekInPage } from "../films/read-in-page.ts";
import { readEdgeFromAudio } from "../films/read-sound.ts";
import { recipeOf } from "../films/recipes.ts";
import { launchBrowser, OPENS_NO_MATROSKA, PLAYS_MP4_ONLY } from "../support/browser.ts";
import { type SharedFilm, shareFilm } from "../support/film-torrent.ts";
import { fetchedBytes, filesOf, type RunningRiptide, startQuietRiptide } from "../support/riptide.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { describeWith } from "../support/tools.ts";
import { waitUntil } from "../support/wait.ts";

const MB = 1_000_000;
const SWARM_BYTES_PER_SECOND = 4 * MB;
const PIECE_LENGTH_BYTES = 1024 * 1024;
const { framesPerSecond } = recipeOf("long");
/** After every seek, some seconds have to begin that can be heard. */
const HEARD_SECONDS = 4;
/** Four seconds of 8 Mb/s. */
const GROUP_OF_PICTURES_BYTES = 4 * MB;
/** Up to the picture: its group, the pieces in which it begins and ends, and what a busy machine downloads until it shows it. */
const PICTURE_BYTES = 2 * GROUP_OF_PICTURES_BYTES + 4 * PIECE_LENGTH_BYTES;
/** A busy machine of two cores encodes, decodes and downloads here. */
const PATIENCE_MS = 60_000;

const WAYS = [
  {
    title: "segments",
    name: "long",
    script: OPENS_NO_MATROSKA,
    reason: "does not open this kind of file",
    limitBytes: PICTURE_BYTES,
  },
  {
    title: "segments with converted sound",
    name: "mkv-h264-bframes-ac3-ass",
    script: "",
    reason: "The sound is converted to AAC",
    limitBytes: PICTURE_BYTES,
  },
  {
    title: "the file as it is",
    name: "long",
    script: "",
    reason: "plays this file as it is",
    limitBytes: PICTURE_BYTES,
  },
  {
    title: "a file made on the way",
    name: "long",
    script: PLAYS_MP4_ONLY,
    reason: "did not say that it takes HLS",
    // Chromium finds the place by itself, and reads whole segments on its way.
    limitBytes: 2 * PICTURE_BYTES,
  },
  {
    title: "an MP4 whose index is moved",
    name: "long-mp4-moov-last",
    script: "",
    reason: "keeps its index at its end",
    limitBytes: PICTURE_BYTES,
  },
] as const;

describeWith(
  "ffmpeg",
  "libtorrent",
  "chromium",
)("seeking in a film of which nothing is there", () => {
  prepareFilms("long", "long-mp4-moov-last", "mkv-h264-bframes-ac3-ass");

  let browser: Browser;
  beforeAll(async () => {
    browser = await launchBrowser();
  });
  afterAll(() => browser.close());

  it.each(WAYS)("shows and sounds what was asked for ($title)", { timeout: 300_000 }, async (way) => {
    const { name, script, reason, limitBytes } = way;
    const { durationSeconds } = recipeOf(name);
    await using film = await shareFilm(name, {
      uploadBytesPerSecond: SWARM_BYTES_PER_SECOND,
      pieceLengthBytes: PIECE_LENGTH_BYTES,
    });
    await using folder = await temporaryFolder("seek");
    await using riptide = await startQuietRiptide(folder.path);
    const page = await browser.newPage();
    await page.addInitScript(script);
    await page.goto(riptide.url);
    await riptide.add(film.magnet);
    await filesOf(riptide, film.infoHash);

    const startedMs = performance.now();
    await page.getByTestId("play").click();
    await page.evaluate(`(${shownFrom})(0)`);
    const startBytes = await fetchedBytes(riptide, film);
    console.log(`first picture after ${elapsed(startedMs)} ms, ${megabytes(startBytes)} downloaded`);
    expect(await page.getByTestId("reasons").textContent()).toContain(reason);
    expect(startBytes).toBeLessThan(limitBytes);
    await expectTruth(page);

    for (const share of [0.9, 0.1, 0.5]) {
      const seconds = share * (durationSeconds - HEARD_SECONDS) + 0.5 / framesPerSecond;
      const { pictureMs, bytes } = await seek(page, seconds, { riptide, film });
      console.log(`seek to ${share * 100} %: picture after ${pictureMs} ms, ${megabytes(bytes)} downloaded`);
      expect(bytes).toBeLessThan(limitBytes);
      await expectTruth(page);
    }
    await page.getByTestId("close-player").click();
    const closedMs = performance.now();
    await waitUntil("nobody wants the film any more", async () => (await demandsOf(riptide, film)) === 0, PATIENCE_MS);
    console.log(`no demand ${elapsed(closedMs)} ms after close`);
    await page.close();
  });
});

describeWith(
  "ffmpeg",
  "libtorrent",
  "chromium",
)("a film that is not played in segments", () => {
  it.each([
    ["mpegts", "The film is repackaged"],
    ["mkv-hevc", "The picture is converted to H.264"],
    ["avi-mpeg4-mp3", "The picture is converted to H.264"],
  ] as const)("plays as one stream (%s)", { timeout: 300_000 }, async (name, reason) => {
    await using browser = await launchBrowser();
    await using film = await shareFilm(name);
    await using folder = await temporaryFolder("stream");
    await using riptide = await startQuietRiptide(folder.path);
    const page = await browser.newPage();
    await page.goto(riptide.url);
    await riptide.add(film.magnet);
    await filesOf(riptide, film.infoHash);
    await page.getByTestId("play").click();
    await page.evaluate(`(${shownFrom})(0)`);
    expect(await page.getByTestId("reasons").textContent()).toContain(reason);
    const { second } = await hear(page);
    expect(second).toBeGreaterThan(0);
    await waitUntil(
      "the pictures go on",
      async () => ((await page.evaluate<number>(READ_FRAME)) ?? 0) > 24,
      PATIENCE_MS,
    );
    await page.getByTestId("close-player").click();
    await waitUntil("nobody wants the film any more", async () => (await demandsOf(riptide, film)) === 0, PATIENCE_MS);
  });
});

const READ_FRAME = `(${readFrameInPage})(document.querySelector("video"))`;

/** Seeks; ends with the first picture from there. */
async function seek(page: Page, seconds: number, { riptide, film }: { riptide: RunningRiptide; film: SharedFilm }) {
  const before = await quietBytes(riptide, film);
  const startedMs = performance.now();
  await page.evaluate(`{
    const shown = (${shownFrom})(${seconds - 1 / framesPerSecond});
    document.querySelector("video").currentTime = ${seconds};
    shown;
  }`);
  return { pictureMs: elapsed(startedMs), bytes: (await fetchedBytes(riptide, film)) - before };
}

/** What the last place still costs must not count for the next one: waits until the player has enough of it. */
async function quietBytes(riptide: RunningRiptide, film: SharedFilm): Promise<number> {
  let last = -1;
  return await waitUntil(
    "the film is buffered as far as the player wants",
    async () => {
      const bytes = (await demandsOf(riptide, film)) === 0 ? await fetchedBytes(riptide, film) : -1;
      const isQuiet = bytes >= 0 && bytes === last;
      last = bytes;
      return isQuiet ? bytes : undefined;
    },
    PATIENCE_MS,
  );
}

/** Runs in the page: resolves when a picture from this time or later is on the screen. */
const shownFrom = `(seconds) => new Promise((resolve) => {
  const video = document.querySelector("video");
  const look = (_now, { mediaTime }) => {
    if (mediaTime >= seconds && mediaTime < seconds + 5) resolve(mediaTime);
    else video.requestVideoFrameCallback(look);
  };
  video.requestVideoFrameCallback(look);
})`;

/** Picture and sound are those of the time that the player shows. Leaves it paused. */
async function expectTruth(page: Page): Promise<void> {
  const { second, offMs } = await hear(page);
  const { frame, currentTime } = await pause(page);
  console.log(`  at ${currentTime.toFixed(3)} s: frame ${frame}, second ${second} heard ${offMs} ms off`);
  expect(Math.abs(frame - currentTime * framesPerSecond)).toBeLessThanOrEqual(2);
}

/** Waits for the beginning of a second that sounds when it should: a busy machine may miss the first one. */
async function hear(page: Page): Promise<{ second: number; offMs: number }> {
  await page.evaluate(`document.querySelector("video").play()`);
  return await waitUntil(
    "a second begins to sound when it should",
    async () => {
      const { samples, currentTime } = await page.evaluate<{ samples: number[]; currentTime: number }>(
        `(${hearInPage})(document.querySelector("video"))`,
      );
      const edge = readEdgeFromAudio(Float32Array.from(samples));
      if (edge === undefined) return undefined;
      const offMs = Math.round((currentTime - edge.secondsBeforeEnd - edge.second) * 1000);
      if (Math.abs(offMs) > OFF_MAX_MS) console.log(`  second ${edge.second} was heard ${offMs} ms off`);
      return Math.abs(offMs) <= OFF_MAX_MS && { second: edge.second, offMs };
    },
    PATIENCE_MS,
  );
}

/** Sound that is later or earlier by so little is in time with its picture. */
const OFF_MAX_MS = 50;

/**
 * A busy machine stops some pictures late: asked for the time at which it stands, a paused player shows the picture of it, soon.
 */
async function pause(page: Page): Promise<{ frame: number; currentTime: number }> {
  await page.evaluate(`(async () => {
    const video = document.querySelector("video");
    video.pause();
    await (${seekInPage})(video, video.currentTime);
  })()`);
  let last: number | undefined;
  return await waitUntil(
    "a clean picture stands still",
    async () => {
      await page.waitForTimeout(STILL_MS);
      const before = last;
      last = await page.evaluate<number | undefined>(READ_FRAME);
      if (last === undefined || last !== before) return undefined;
      return { frame: last, currentTime: await page.evaluate<number>(`document.querySelector("video").currentTime`) };
    },
    PATIENCE_MS,
  );
}

/** No picture comes so late. */
const STILL_MS = 300;

async function demandsOf(riptide: RunningRiptide, { infoHash }: SharedFilm): Promise<Torrent["activeDemands"]> {
  return (await riptide.torrent(infoHash)).activeDemands;
}

function elapsed(sinceMs: number): number {
  return Math.round(performance.now() - sinceMs);
}

function megabytes(bytes: number): string {
  return `${(bytes / MB).toFixed(2)} MB`;
}
