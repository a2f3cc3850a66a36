import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { feedFfmpeg } from "../films/ffmpeg.ts";
import { firstSoundInPage } from "../films/hear-in-page.ts";
import { prepareFilms } from "../films/prepare-films.ts";
import { recipeOf } from "../films/recipes.ts";
import { launchBrowser, OPENS_NO_MATROSKA, SMALL_WINDOW } from "../support/browser.ts";
import { pressPlay, shownFrom } from "../support/film-in-page.ts";
import { shareFilm } from "../support/film-torrent.ts";
import { filesOf, startQuietRiptide } from "../support/riptide.ts";
import { everyNth } from "../support/soak.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { describeWith } from "../support/tools.ts";

const { durationSeconds, framesPerSecond } = recipeOf("long");
/** Keyframes, which the film has every four seconds; all of them are further apart than what a player keeps. */
const KEYFRAMES_SECONDS = [500, 400, 300, 200, 100];
const AT_KEYFRAME = "at a keyframe";
const IN_MIDDLE = "in the middle of a group of pictures";
const PLACES = [
  { name: AT_KEYFRAME, afterSeconds: 0.5 / framesPerSecond },
  { name: IN_MIDDLE, afterSeconds: 2 + 0.5 / framesPerSecond },
] as const;
type Place = (typeof PLACES)[number]["name"];

/** `factor`, `encoders`: see `boundMs`. */
const WAYS = [
  { title: "as it is", name: "long", script: "", reason: "plays this file as it is", factor: 1, encoders: 0 },
  { title: "in segments", name: "long", script: OPENS_NO_MATROSKA, reason: "is repackaged", factor: 2, encoders: 0 },
  {
    title: "in segments with AC-3",
    name: "long-ac3",
    script: "",
    reason: "The sound is converted to AAC",
    factor: 2,
    encoders: 2,
  },
] as const;
type Title = (typeof WAYS)[number]["title"];

/** First sound after a seek to bytes that are there, on a machine that has time for it. */
const GOAL_MS = 300;

describeWith(
  "ffmpeg",
  "libtorrent",
  "chromium",
)("the first sound after a seek to bytes that are there", () => {
  prepareFilms("long", "long-ac3");

  let browser: Browser;
  beforeAll(async () => {
    browser = await launchBrowser();
  });
  afterAll(() => browser.close());

  const bestMs = new Map<Title, Record<Place, number>>();
  it.each(everyNth<(typeof WAYS)[number]>(WAYS, 2))(
    "comes soon in a film that is played $title",
    { timeout: 300_000 },
    async (way) => {
      await using film = await shareFilm(way.name, { pieceLengthBytes: 1024 * 1024 });
      await using folder = await temporaryFolder("seek-sound");
      await using riptide = await startQuietRiptide(folder.path);
      const page = await browser.newPage(SMALL_WINDOW);
      await page.addInitScript(way.script);
      await page.goto(riptide.url);
      await riptide.add(film.magnet);
      const { files } = await filesOf(riptide, film.infoHash);
      await fetchPlaces(`${riptide.url}/stream/${film.infoHash}/0/direct`, files[0]!.length);
      await pressPlay(page);
      await page.evaluate(`(${shownFrom})(0)`);
      expect(await page.getByTestId("reasons").textContent()).toContain(way.reason);

      const best = await measure(page);
      bestMs.set(way.title, best);
      const encoderMs = await bestEncoderMs();
      await page.close();
      for (const { name } of PLACES) {
        expect(best[name]).toBeLessThanOrEqual(boundMs(way, bestMs.get("as it is")![name], encoderMs));
      }
    },
  );
});

/** What is looked at, and the group of pictures behind it. */
async function fetchPlaces(url: string, lengthBytes: number): Promise<void> {
  const offsetOf = (seconds: number): number => Math.floor((seconds / durationSeconds) * lengthBytes);
  for (const seconds of KEYFRAMES_SECONDS) {
    const range = `bytes=${offsetOf(seconds - 4)}-${offsetOf(seconds + 8)}`;
    await (await fetch(url, { headers: { range } })).arrayBuffer();
  }
}

/** The best of five: other work on the machine only ever adds. Each seek leads away from what is held, to a place that was not looked at. */
async function measure(page: Page): Promise<Record<Place, number>> {
  const soundMs: Record<Place, number[]> = { [AT_KEYFRAME]: [], [IN_MIDDLE]: [] };
  for (const places of [PLACES, PLACES.toReversed()]) {
    for (const [index, keyframeSeconds] of KEYFRAMES_SECONDS.entries()) {
      const { name, afterSeconds } = places[index % places.length]!;
      soundMs[name].push(await page.evaluate<number>(`(${seekInSilence})(${keyframeSeconds + afterSeconds})`));
    }
  }
  for (const { name } of PLACES) console.log(`${name}: ${soundMs[name].map(Math.round).join(", ")} ms`);
  return { [AT_KEYFRAME]: Math.min(...soundMs[AT_KEYFRAME]), [IN_MIDDLE]: Math.min(...soundMs[IN_MIDDLE]) };
}

/**
 * What a slow machine may take, by what it takes for other things in the same run: the same pictures out of the file itself, in the same
 * browser (repackaging is one process more), and processes of ffmpeg that are started for a moment of sound.
 */
function boundMs({ factor, encoders }: (typeof WAYS)[number], asItIsMs: number, encoderMs: number): number {
  return Math.max(GOAL_MS, factor * asItIsMs + encoders * encoderMs);
}

/** What ffmpeg takes for a moment of AAC, in milliseconds. The page is still open and plays, as it did when it was measured. */
async function bestEncoderMs(): Promise<number> {
  const milliseconds: number[] = [];
  for (let count = 0; count < 5; count += 1) {
    const startedMs = performance.now();
    await feedFfmpeg("-f lavfi -i sine=sample_rate=48000:duration=0.2 -ac 2 -c:a aac -f null -".split(" "), {
      inputs: [],
    });
    milliseconds.push(performance.now() - startedMs);
  }
  console.log(`ffmpeg: ${milliseconds.map(Math.round).join(", ")} ms`);
  return Math.min(...milliseconds);
}

/** Runs in the page: how long after a seek the film sounds, in milliseconds. */
const seekInSilence = `async (seconds) => {
  const video = document.querySelector("video");
  video.pause();
  await new Promise((resolve) => setTimeout(resolve, 400));
  const startedMs = performance.now();
  video.currentTime = seconds;
  const heard = (${firstSoundInPage})(video);
  void video.play();
  return (await heard) - startedMs;
}`;
