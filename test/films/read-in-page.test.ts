import { readFile } from "node:fs/promises";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { films } from "./films.ts";
import { readFrameInPage, seekInPage } from "./read-in-page.ts";
import type { FilmName } from "./recipes.ts";

describe("reading frames in a browser's page", () => {
  let browser: Browser;
  let page: Page;

  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: "/usr/bin/chromium-headless-shell", args: ["--no-sandbox"] });
    page = await browser.newPage();
  });
  afterAll(() => browser.close());

  it.each([
    { name: "mp4-moov-first", type: "video/mp4" },
    { name: "webm-vp9-opus", type: "video/webm" },
  ] as const)("tells which frame a video shows after each seek: $name", async ({ name, type }) => {
    await openFilm(name, type);
    for (const frame of [0, 1, 479, 24, 23, 240, 241]) {
      const [shown, mediaTime] = await seekTo(frame);
      expect(shown).toBe(frame);
      expect(Math.abs(mediaTime - frame / 24)).toBeLessThan(0.001);
    }
  });

  it("does not guess at a video that shows nothing yet", async () => {
    await page.setContent("<video></video>");
    expect(await page.evaluate(`(${readFrameInPage})(document.querySelector("video")) ?? "nothing"`)).toBe("nothing");
  });

  async function openFilm(name: FilmName, type: string): Promise<void> {
    const base64 = (await readFile(await films.ensure(name))).toString("base64");
    await page.setContent("<video muted></video>");
    await page.evaluate(`new Promise((resolve, reject) => {
      const video = document.querySelector("video");
      const bytes = Uint8Array.from(atob(${JSON.stringify(base64)}), (character) => character.charCodeAt(0));
      video.onloadeddata = resolve;
      video.onerror = () => reject(new Error(video.error.message));
      video.src = URL.createObjectURL(new Blob([bytes], { type: ${JSON.stringify(type)} }));
    })`);
  }

  function seekTo(frame: number): Promise<[number, number]> {
    return page.evaluate(`(async () => {
      const video = document.querySelector("video");
      const mediaTime = await (${seekInPage})(video, ${(frame + 0.5) / 24});
      return [(${readFrameInPage})(video), mediaTime];
    })()`);
  }
});
