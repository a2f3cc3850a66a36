import type { SimulatedTorrentSeed } from "@riptide/sim";
import type { Page } from "playwright-core";
import { makeFeatureFilm } from "../films/feature-film.ts";
import { hearInPage } from "../films/hear-in-page.ts";
import { readFrameInPage } from "../films/read-in-page.ts";
import { readSecondFromAudio } from "../films/read-sound.ts";
import { type PageOptions, pageWorld } from "./page-world.ts";

/** A film with all that a player may find in one, with subtitles beside it, and a next episode. */
export const FEATURE_HASH = "f".repeat(40);
export const never: AbortSignal = new AbortController().signal;

type World = Awaited<ReturnType<typeof pageWorld>>;
export type Watching = Awaited<ReturnType<World["open"]>>;

/** The world of the page, and what is watched in it. */
export async function watchWorld() {
  const world = await pageWorld();
  const film = await makeFeatureFilm();
  const sidecar = new TextEncoder().encode("1\n00:00:01,000 --> 00:00:19,000\nBeside <i>the</i> film\n");
  const files = [
    { path: "Show.S01E01.The.Sea.mkv", bytes: film },
    { path: "Show.S01E01.The.Sea.de.srt", bytes: sidecar },
    { path: "Show.S01E02.The.Land.mkv", bytes: film },
  ];
  const feature: SimulatedTorrentSeed = { infoHash: FEATURE_HASH, name: "Show", files };
  return {
    film,
    /** A page that plays a file, by its address. */
    async watch(
      options: PageOptions & { readonly infoHash?: string; readonly index?: number } = {},
      more: readonly SimulatedTorrentSeed[] = [],
    ): Promise<Watching> {
      const { infoHash = FEATURE_HASH, index = 0, ...pageOptions } = options;
      const opened = await world.open(pageOptions, [feature, ...more]);
      await opened.engine.add(infoHash, { signal: never });
      await opened.page.goto(`${opened.url}/watch/${infoHash}/${index}`);
      return opened;
    },
    open: (...options: Parameters<World["open"]>) => world.open(...options),
    [Symbol.asyncDispose]: () => world[Symbol.asyncDispose](),
  };
}

/** Waits for the first picture, which the page tells of. */
export async function untilPicture({ page }: Pick<Watching, "page">): Promise<void> {
  await page.getByText(/^First picture after/).waitFor({ state: "attached" });
}

/** A property of the `<video>`. */
export function videoState<Value>(page: Page, property: string): Promise<Value> {
  return page.evaluate<Value>(`document.querySelector("video").${property}`);
}

/** Stops the film at a time, with the picture of it on the screen. */
export async function standAt(page: Page, seconds: number): Promise<void> {
  await page.evaluate(`(async () => {
    const video = document.querySelector("video");
    video.pause();
    if (video.currentTime === ${seconds}) return;
    const seeked = new Promise((resolve) => video.addEventListener("seeked", resolve, { once: true }));
    video.currentTime = ${seconds};
    await seeked;
  })()`);
}

export function shownFrame(page: Page): Promise<number | undefined> {
  return page.evaluate<number | undefined>(`(${readFrameInPage})(document.querySelector("video"))`);
}

/** A fifth of a second. */
const HEARD_SAMPLES = 9600;

/** Which sound track of a test film is heard. */
export async function heardTrack(page: Page): Promise<number | undefined> {
  const { samples } = await page.evaluate<{ samples: number[] }>(`(${hearInPage})(document.querySelector("video"))`);
  return readSecondFromAudio(Float32Array.from(samples.slice(-HEARD_SAMPLES)))?.track;
}

/** What is drawn over the picture, in the left half of it and in the right one: how many of 64 by 36 points. */
export function drawnPoints(page: Page): Promise<{ left: number; right: number }> {
  return page.evaluate(`(() => {
    const points = { left: 0, right: 0 };
    const drawn = document.querySelector("[data-testid=subtitle-picture]");
    if (drawn === null || drawn.width === 0) return points;
    const canvas = Object.assign(document.createElement("canvas"), { width: 64, height: 36 });
    const context = canvas.getContext("2d");
    context.drawImage(drawn, 0, 0, 64, 36);
    const { data } = context.getImageData(0, 0, 64, 36);
    for (let point = 0; point < 64 * 36; point += 1) {
      if (data[point * 4 + 3] > 100) points[point % 64 < 32 ? "left" : "right"] += 1;
    }
    return points;
  })()`);
}
