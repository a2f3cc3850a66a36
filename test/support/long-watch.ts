import { readFile } from "node:fs/promises";
import type { Page } from "playwright-core";
import { OPENS_NO_MATROSKA } from "./browser.ts";
import { pressPlay, shownFrom } from "./film-in-page.ts";
import { shareFilm } from "./film-torrent.ts";
import { filesOf, type RunningRiptide, startQuietRiptide } from "./riptide.ts";
import { temporaryFolder } from "./temporary-folder.ts";
import { waitUntil } from "./wait.ts";

/** What a film has cost so far that is watched for a long time. */
export interface WatchedSoFar {
  /** Of the film, however often it began anew. */
  readonly filmSeconds: number;
  /** Of the page, after the garbage was collected. */
  readonly pageHeapBytes: number;
  /** Of the server's process. */
  readonly serverBytes: number;
}

export interface LongWatch {
  readonly filmSeconds: number;
  readonly samples: number;
  /** How long the whole may take; less of the film is watched then. */
  readonly limitMs: number;
}

/** Speed of the film: as fast as browsers play. */
const SPEED = 16;

/** Watches a film of 8 Mb/s that is there as a whole, in segments, again and again, faster than anybody would. */
export async function watchForLong(page: Page, { filmSeconds, samples, limitMs }: LongWatch): Promise<WatchedSoFar[]> {
  await using film = await shareFilm("long", { pieceLengthBytes: 1024 * 1024 });
  await using folder = await temporaryFolder("long-watch");
  await using riptide = await startQuietRiptide(folder.path);
  await page.addInitScript(OPENS_NO_MATROSKA);
  await page.goto(riptide.url);
  await riptide.add(film.magnet);
  await filesOf(riptide, film.infoHash);
  const whole = await fetch(`${riptide.url}/stream/${film.infoHash}/0/direct`);
  for await (const _ of whole.body!) continue;
  await pressPlay(page);
  await page.evaluate(`(${shownFrom})(0)`);
  await page.evaluate(WATCH_FAST);
  const seen: WatchedSoFar[] = [];
  const endMs = performance.now() + limitMs;
  for (let sample = 1; sample <= samples && performance.now() < endMs; sample += 1) {
    const goalSeconds = (sample / samples) * filmSeconds;
    const isReached = async () =>
      performance.now() >= endMs || (await page.evaluate<number>("watched()")) >= goalSeconds;
    await waitUntil("more of the film was watched", isReached, limitMs);
    seen.push(await measure(page, riptide));
  }
  return seen;
}

/** Runs in the page. */
const WATCH_FAST = `{
  const video = document.querySelector("video");
  Object.assign(video, { muted: true, loop: true, playbackRate: ${SPEED} });
  let watchedSeconds = 0;
  let lastSeconds = video.currentTime;
  video.addEventListener("timeupdate", () => {
    watchedSeconds += Math.max(0, video.currentTime - lastSeconds);
    lastSeconds = video.currentTime;
  });
  globalThis.watched = () => watchedSeconds;
}`;

async function measure(page: Page, { process }: RunningRiptide): Promise<WatchedSoFar> {
  const filmSeconds = await page.evaluate<number>("watched()");
  const session = await page.context().newCDPSession(page);
  await session.send("HeapProfiler.collectGarbage");
  const { usedSize: pageHeapBytes } = await session.send("Runtime.getHeapUsage");
  await session.detach();
  const status = await readFile(`/proc/${process.child.pid!}/status`, "utf8");
  const serverBytes = Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024;
  return { filmSeconds, pageHeapBytes, serverBytes };
}
