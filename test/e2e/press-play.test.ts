import { mkdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { Torrent, TorrentList } from "@riptide/http";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { readFrameInPage } from "../films/read-in-page.ts";
import { launchBrowser } from "../support/browser.ts";
import { type RunningRiptide, startRiptide } from "../support/riptide.ts";
import { describeWith } from "../support/tools.ts";
import { waitUntil } from "../support/wait.ts";

/** A start takes up to a quarter of a film of the demo; before a busy machine shows its first picture, a little more arrives. */
const STARTING_SHARE = 0.6;
const SCREENSHOTS = fileURLToPath(new URL("../../.cache/screenshots/", import.meta.url));

describeWith("ffmpeg", "chromium")("the demo, as a newcomer meets it", () => {
  let browser: Browser;
  let riptide: RunningRiptide;
  let page: Page;
  beforeAll(async () => {
    await mkdir(SCREENSHOTS, { recursive: true });
    browser = await launchBrowser();
    riptide = await startRiptide("demo", "--port=0");
    page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
    await page.goto(riptide.url);
  });
  afterAll(async () => {
    await browser.close();
    await riptide[Symbol.asyncDispose]();
  });

  it.each([".mp4", ".mkv", ".webm"])("plays the bundled %s while its torrent downloads", async (extension) => {
    const torrent = await waitUntil("the demo's torrents are listed", async () => {
      const { torrents } = await riptide.api<TorrentList>("/api/torrents");
      return torrents.find((candidate) => candidate.state === "ready" && candidate.files[0]!.path.endsWith(extension));
    });
    const card = page.getByTestId("torrent").filter({ hasText: torrent.name });
    const startedMs = performance.now();
    await card.getByTestId("play").first().click();
    await page.getByTestId("player").waitFor({ state: "attached" });
    await page.evaluate(FIRST_PICTURE);
    const pictureMs = Math.round(performance.now() - startedMs);
    const atPicture = await riptide.torrent(torrent.infoHash);
    console.log(`${torrent.name}: first picture after ${pictureMs} ms, ${describeProgress(atPicture)}`);
    expect(atPicture.downloadedBytes).toBeGreaterThan(0);
    expect(atPicture.downloadedBytes).toBeLessThan(STARTING_SHARE * atPicture.sizeBytes);

    const frames = await readFrames(page, 12);
    expect(new Set(frames).size).toBeGreaterThan(4);
    expect(frames).toEqual(frames.toSorted((left, right) => left - right));
    await page.screenshot({ path: `${SCREENSHOTS}demo${extension}.png` });
    await page.getByTestId("close-player").click();
    await waitUntil("nobody wants the film any more", async () => {
      return (await riptide.torrent(torrent.infoHash)).activeDemands === 0;
    });
  });
});

/** Runs in the page: resolves when the player has its first picture. */
const FIRST_PICTURE = `(async () => {
  const video = document.querySelector("video");
  video.muted = true;
  if (video.readyState < 2) await new Promise((resolve) => video.addEventListener("loadeddata", resolve, { once: true }));
})()`;

/** Frame numbers of the picture on the screen, some twelve times a second. */
async function readFrames(page: Page, count: number): Promise<number[]> {
  const frames: number[] = [];
  await waitUntil("enough pictures were read", async () => {
    const frame = await page.evaluate<number | undefined>(`(${readFrameInPage})(document.querySelector("video"))`);
    if (frame !== undefined) frames.push(frame);
    await page.waitForTimeout(80);
    return frames.length >= count;
  });
  return frames;
}

function describeProgress(torrent: Torrent): string {
  return `${(torrent.downloadedBytes / 1e6).toFixed(2)} MB of ${(torrent.sizeBytes / 1e6).toFixed(2)} MB downloaded`;
}
