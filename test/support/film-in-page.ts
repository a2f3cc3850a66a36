import type { Torrent } from "@riptide/http";
import type { Page } from "playwright-core";
import { expect } from "vitest";
import { hearInPage } from "../films/hear-in-page.ts";
import { readFrameInPage, seekInPage } from "../films/read-in-page.ts";
import { readEdgeFromAudio } from "../films/read-sound.ts";
import type { SharedFilm } from "./film-torrent.ts";
import type { RunningRiptide } from "./riptide.ts";
import { waitUntil } from "./wait.ts";

/** A busy machine of two cores encodes, decodes and downloads meanwhile. */
export const PATIENCE_MS = 60_000;

/** Presses the first Play of the library, and waits until the player is there: the page loads it then. */
export async function pressPlay(page: Page): Promise<void> {
  await page.getByTestId("play").first().click();
  await page.getByTestId("player").waitFor({ state: "attached" });
}

/** Runs in the page: resolves when a picture from this time or later is on the screen. */
export const shownFrom = `(seconds) => new Promise((resolve) => {
  const video = document.querySelector("video");
  const look = (_now, { mediaTime }) => {
    if (mediaTime >= seconds && mediaTime < seconds + 5) resolve(mediaTime);
    else video.requestVideoFrameCallback(look);
  };
  video.requestVideoFrameCallback(look);
})`;

const DECODED_SOUND_BYTES = `document.querySelector("video").webkitAudioDecodedByteCount`;

/** Picture and sound are those of the time that the player shows. Leaves it paused. */
export async function expectTruth(page: Page, framesPerSecond: number): Promise<void> {
  const decodedBytes = await page.evaluate<number>(DECODED_SOUND_BYTES);
  const { second, offMs } = await hear(page);
  expect(await page.evaluate<number>(DECODED_SOUND_BYTES)).toBeGreaterThan(decodedBytes);
  const { frame, currentTime } = await pause(page);
  console.log(`  at ${currentTime.toFixed(3)} s: frame ${frame}, second ${second} heard ${offMs} ms off`);
  expect(Math.abs(frame - currentTime * framesPerSecond)).toBeLessThanOrEqual(2);
}

/** Waits for the beginning of a second that sounds when it should: a busy machine may miss the first one. */
export async function hear(page: Page): Promise<{ second: number; offMs: number }> {
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

export const READ_FRAME = `(${readFrameInPage})(document.querySelector("video"))`;

export async function demandsOf(riptide: RunningRiptide, { infoHash }: SharedFilm): Promise<Torrent["activeDemands"]> {
  return (await riptide.torrent(infoHash)).activeDemands;
}

export function elapsed(sinceMs: number): number {
  return Math.round(performance.now() - sinceMs);
}
