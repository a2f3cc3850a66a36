import type { ViewingList } from "@riptide/http";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { FEATURE } from "../films/feature-film.ts";
import { expectAccessible } from "../support/axe-in-page.ts";
import { OPENS_NO_MATROSKA } from "../support/browser.ts";
import { FILM, LATE, SERIES } from "../support/page-world.ts";
import { describeWith } from "../support/tools.ts";
import {
  FEATURE_HASH,
  heardTrack,
  never,
  shownFrame,
  standAt,
  untilPicture,
  videoState,
  watchWorld,
} from "../support/watch-world.ts";

const RESIDENT = "7".repeat(40);
const HERE = (bytes: Uint8Array) => ({ path: "here.mkv", bytes });

const rounded = (times: readonly number[]): string => times.map(Math.round).join(", ");

/** Runs in the page: how long it takes from an address to its first picture. */
const BARE_START = `async (url) => {
  const video = Object.assign(document.createElement("video"), { muted: true, src: url });
  document.body.append(video);
  const startedMs = performance.now();
  const shown = new Promise((resolve) => video.requestVideoFrameCallback(resolve));
  await video.play();
  await shown;
  const tookMs = performance.now() - startedMs;
  video.removeAttribute("src");
  video.load();
  video.remove();
  return tookMs;
}`;

/** Runs in the page: how long it takes from the press to the first picture. */
const PAGE_START = `async () => {
  const startedMs = performance.now();
  document.querySelector("[data-testid=play]").click();
  let video;
  while ((video = document.querySelector("[data-testid=player]")) === null) await new Promise(requestAnimationFrame);
  await new Promise((resolve) => video.requestVideoFrameCallback(resolve));
  return performance.now() - startedMs;
}`;
/** Where the segments before it end. */
const SEGMENT_2_SECONDS = 8.5;

describeWith("chromium", "ffmpeg")("the player", () => {
  let world: Awaited<ReturnType<typeof watchWorld>>;
  beforeAll(async () => {
    world = await watchWorld();
  });
  afterAll(() => world[Symbol.asyncDispose]());

  test("plays a file, tells how soon and for how many bytes, and lets go of it when it is closed", async () => {
    await using opened = await world.watch({ infoHash: FILM });
    const { page, engine } = opened;
    await page.getByText(/^First picture after \d+\.\d s, .+ downloaded$/).waitFor({ state: "attached" });
    await expect.poll(() => videoState(page, "currentTime")).toBeGreaterThan(0.5);
    expect(await page.title()).toContain("film.mp4");
    await page.getByTestId("close-player").click();
    await expect.poll(() => engine.get(FILM)?.activeDemands).toBe(0);
    expect(new URL(page.url()).pathname).toBe("/");
    expect(await page.getByTestId("player").count()).toBe(0);
    expect(opened.violations).toEqual([]);
  });

  test("shows a film that is there hardly later than a bare <video> does", async () => {
    await using opened = await world.open({}, [{ infoHash: RESIDENT, name: "Here", files: [HERE(world.film)] }]);
    const { page, engine, url } = opened;
    await engine.add(RESIDENT, { signal: never });
    await page.getByTestId("play").waitFor();
    await page.getByTestId("play").hover(); // as whoever is about to press it
    const pageMs: number[] = [];
    const bareMs: number[] = [];
    for (let time = 0; time < 3; time += 1) {
      bareMs.push(await page.evaluate<number>(`(${BARE_START})("${url}/stream/${RESIDENT}/0/direct")`));
      pageMs.push(await page.evaluate<number>(`(${PAGE_START})()`));
      await page.getByTestId("close-player").click();
      await page.getByTestId("play").waitFor();
    }
    const [inPage, bare] = [Math.min(...pageMs), Math.min(...bareMs)];
    console.log(`first picture: in the page ${rounded(pageMs)} ms, in a bare <video> ${rounded(bareMs)} ms`);
    // The goal is 500; a busy machine draws all of the page in the meantime.
    expect(inPage - bare).toBeLessThan(1_500);
  });

  test("plays a film in segments with another of its sounds, and remembers which", async () => {
    await using opened = await world.watch({ script: OPENS_NO_MATROSKA });
    const { page } = opened;
    await untilPicture(opened);
    expect(await page.getByTestId("reasons").textContent()).toBe(
      "Your player does not open this kind of file. The film is repackaged as fragmented MP4 on the way.",
    );
    await expect.poll(() => heardTrack(page)).toBe(0);
    await page.getByTestId("sound").click();
    expect(await page.getByRole("menuitemradio").allTextContents()).toEqual(["English · stereo", "French · stereo"]);
    await page.getByRole("menuitemradio", { name: "French · stereo" }).click();
    await expect.poll(() => heardTrack(page)).toBe(1);
    await expect.poll(() => videoState<number>(page, "currentTime")).toBeGreaterThan(3);
    await page.reload();
    await untilPicture(opened);
    await expect.poll(() => heardTrack(page)).toBe(1);
    expect(opened.violations).toEqual([]);
  });

  test("is controlled by the keys of YouTube", async () => {
    await using opened = await world.watch();
    const { page } = opened;
    await untilPicture(opened);
    const seconds = (): Promise<number> => videoState<number>(page, "currentTime");
    await page.keyboard.press("k");
    await expect.poll(() => videoState(page, "paused")).toBe(true);
    await standAt(page, 0);
    await page.keyboard.press("l");
    await expect.poll(seconds).toBeCloseTo(10, 1);
    await page.keyboard.press("ArrowRight");
    await expect.poll(seconds).toBeCloseTo(15, 1);
    await page.keyboard.press("j");
    await expect.poll(seconds).toBeCloseTo(5, 1);
    await page.keyboard.press("ArrowLeft");
    await expect.poll(seconds).toBeCloseTo(0, 1);
    await page.keyboard.press("5");
    await expect.poll(seconds).toBeCloseTo(FEATURE.durationSeconds / 2, 1);
    await expect.poll(() => shownFrame(page)).toBe(240);
    for (const frame of [241, 242]) {
      await page.keyboard.press(".");
      await expect.poll(() => shownFrame(page)).toBe(frame);
    }
    await page.keyboard.press(",");
    await expect.poll(() => shownFrame(page)).toBe(241);
    await page.keyboard.press("Home");
    await expect.poll(seconds).toBe(0);
    await page.keyboard.press("m");
    await expect.poll(() => videoState(page, "muted")).toBe(true);
    await page.keyboard.press("m");
    await page.keyboard.press("ArrowDown");
    await expect.poll(() => videoState<number>(page, "volume")).toBeCloseTo(0.95);
    await page.keyboard.press(">");
    await expect.poll(() => videoState(page, "playbackRate")).toBe(1.25);
    await page.keyboard.press("<");
    await page.keyboard.press("<");
    await expect.poll(() => videoState(page, "playbackRate")).toBe(0.75);
    await page.keyboard.press("f");
    await page.getByRole("button", { name: "Leave full screen" }).waitFor();
    expect(await page.evaluate("document.fullscreenElement?.querySelector('video') != null")).toBe(true);
    await page.keyboard.press("f");
    await expect.poll(() => page.evaluate("document.fullscreenElement === null")).toBe(true);
    await page.keyboard.press(" ");
    await expect.poll(() => videoState(page, "paused")).toBe(false);
    await page.keyboard.press("?");
    await page.getByTestId("help").getByText("10 seconds back or ahead").waitFor();
    await page.keyboard.press("Escape");
    await page.getByTestId("help").waitFor({ state: "detached" });
  });

  test("is controlled by a mouse, and hides its controls from who watches", async () => {
    await using opened = await world.watch();
    const { page } = opened;
    await untilPicture(opened);
    const controls = page.getByTestId("controls");
    await page.mouse.click(600, 300);
    await expect.poll(() => videoState(page, "paused")).toBe(true);
    await page.mouse.click(600, 300);
    await expect.poll(() => videoState(page, "paused")).toBe(false);
    await expect.poll(() => controls.getAttribute("data-shown")).toBe("false");
    await page.mouse.move(610, 310);
    await expect.poll(() => controls.getAttribute("data-shown")).toBe("true");
    await page.getByTestId("speed").click();
    await page.getByRole("menuitemradio", { name: "2×" }).click();
    await expect.poll(() => videoState(page, "playbackRate")).toBe(2);
    await page.mouse.dblclick(600, 300);
    await expect.poll(() => page.evaluate("document.fullscreenElement !== null")).toBe(true);
  });

  test("is controlled by fingers", async () => {
    await using opened = await world.watch({ viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true });
    const { page } = opened;
    await untilPicture(opened);
    const controls = page.getByTestId("controls");
    await expect.poll(() => controls.getAttribute("data-shown")).toBe("false");
    await page.touchscreen.tap(195, 200);
    await expect.poll(() => controls.getAttribute("data-shown")).toBe("true");
    await page.getByTestId("centre-play").tap();
    await expect.poll(() => videoState(page, "paused")).toBe(true);
    await standAt(page, 5);
    await tapTwice(page, 350);
    await expect.poll(() => videoState(page, "currentTime")).toBe(15);
    await page.waitForTimeout(400); // the next two belong together, and not to these
    await tapTwice(page, 40);
    await expect.poll(() => videoState(page, "currentTime")).toBe(5);
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(390);
  });

  test("goes on on a phone where the laptop stopped, with the same subtitles, and can begin anew", async () => {
    await using opened = await world.watch();
    const { page } = opened;
    await untilPicture(opened);
    await page.getByTestId("subtitle-menu").click();
    await page.getByLabel("English · SRT").check();
    await page.keyboard.press("Escape");
    await standAt(page, 12.4);
    const browser = page.context().browser()!;
    await expect
      .poll(async () => ((await (await fetch(`${opened.url}/api/viewings`)).json()) as ViewingList).viewings)
      .toMatchObject([{ infoHash: FEATURE_HASH, index: 0, positionSeconds: 12.4, subtitle: "track-0" }]);
    await page.close();
    const context = await browser.newContext({ viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true });
    const phone = await context.newPage();
    const prepared = phone.waitForRequest((request) => request.url().endsWith(`/${FEATURE_HASH}/files/0/prepare`));
    await phone.goto(`${opened.url}/watch/${FEATURE_HASH}/0`);
    expect((await prepared).postDataJSON()).toEqual({ fromSeconds: 10.4 });
    await untilPicture({ page: phone });
    await expect.poll(() => videoState<number>(phone, "currentTime")).toBeGreaterThan(10.4);
    expect(await videoState<number>(phone, "currentTime")).toBeLessThan(16);
    await expect.poll(() => phone.getByTestId("subtitles").textContent()).toMatch(/^SRT cue 1\d$/);
    await phone.getByTestId("from-start").tap();
    await expect.poll(() => videoState<number>(phone, "currentTime")).toBeLessThan(5);
    await context.close();
  });

  test("goes on with the next episode, which is ready then, unless that is not wanted", async () => {
    await using opened = await world.watch();
    const { page } = opened;
    const prepared = page.waitForRequest((request) => request.url().endsWith(`/${FEATURE_HASH}/files/2/prepare`));
    await untilPicture(opened);
    await prepared; // twenty seconds are all near the end
    await page.keyboard.press("f");
    await page.evaluate("document.querySelector('video').currentTime = 19.5");
    await page.getByTestId("next-up").getByText("Show · S01E02 · The Land").waitFor();
    await page.getByTestId("cancel-next").click();
    expect(await page.getByTestId("next-up").count()).toBe(0);
    await page.getByTestId("play-pause").click(); // from the start again
    await expect.poll(() => videoState<number>(page, "currentTime")).toBeLessThan(10);
    await page.evaluate("document.querySelector('video').currentTime = 19.5");
    await page.getByText("Next in 8 s").waitFor();
    await page.getByTestId("play-next").click();
    await expect.poll(() => new URL(page.url()).pathname).toBe(`/watch/${FEATURE_HASH}/2`);
    await untilPicture(opened);
    await expect.poll(() => videoState<number>(page, "currentTime")).toBeGreaterThan(0.5);
    expect(await page.evaluate("document.fullscreenElement !== null")).toBe(true);
    expect(await page.getByTestId("next").count()).toBe(0);
  });

  test("tells the system what plays, and hears its keys", async () => {
    const script = `{
      globalThis.handlers = {};
      const { setActionHandler } = MediaSession.prototype;
      MediaSession.prototype.setActionHandler = function (action, handler) {
        globalThis.handlers[action] = handler;
        setActionHandler.call(this, action, handler);
      };
    }`;
    await using opened = await world.watch({ script });
    const { page } = opened;
    await untilPicture(opened);
    expect(await page.evaluate("navigator.mediaSession.metadata.title")).toBe("Show · S01E01 · The Sea");
    await expect.poll(() => page.evaluate("navigator.mediaSession.playbackState")).toBe("playing");
    await page.evaluate("handlers.pause({ action: 'pause' })");
    await expect.poll(() => videoState(page, "paused")).toBe(true);
    await standAt(page, 3);
    await page.evaluate("handlers.seekforward({ action: 'seekforward' })");
    await expect.poll(() => videoState(page, "currentTime")).toBe(13);
    await page.evaluate("handlers.seekto({ action: 'seekto', seekTime: 2 })");
    await expect.poll(() => videoState(page, "currentTime")).toBe(2);
    await page.evaluate("handlers.nexttrack({ action: 'nexttrack' })");
    await expect.poll(() => new URL(page.url()).pathname).toBe(`/watch/${FEATURE_HASH}/2`);
  });

  test("says why a file does not play, in the server's words, and what to do then", async () => {
    await using opened = await world.watch({ infoHash: FILM, index: 1 });
    const { page } = opened;
    const { detail } = JSON.parse(await (await fetch(`${opened.url}/stream/${FILM}/1`)).text());
    expect(detail).toMatch(/^[A-Z].+\.$/);
    await expect.poll(() => page.getByTestId("trace").textContent()).toBe(detail);
    expect(await page.getByRole("link", { name: "Open in VLC" }).getAttribute("href")).toBe(
      `vlc://${opened.url}/stream/${FILM}/1/direct`,
    );
    await expectAccessible(page, "a failure");
  });

  test("says what it would take to play a film, and where else it plays", async () => {
    await using opened = await world.watch({ infoHash: SERIES, index: 1 });
    await expect
      .poll(() => opened.page.getByTestId("trace").textContent())
      .toMatch(/Install ffmpeg, or download the film\. Copy its URL and open it in VLC\.$/);
  });

  test.each([
    ["the choice", "**/playback", "The disk is full. Make room."],
    ["a segment", "**/video/seg-2.m4s", "The disk is full. Make room."],
    ["the master playlist", "**/master.m3u8", "The disk is full. Make room."],
  ])("says so when %s fails for good, and tries again if it is told to", { timeout: 60_000 }, async (...row) => {
    const [, address, sentence] = row;
    await using opened = await world.open({ script: OPENS_NO_MATROSKA });
    const { page, engine } = opened;
    await page.route(address, (route) => route.fulfill({ status: 507, json: { detail: sentence } }));
    await engine.add(SERIES, { signal: never });
    await page.goto(`${opened.url}/watch/${SERIES}/0`);
    await expect.poll(() => page.getByTestId("trace").textContent(), { timeout: 40_000 }).toBe(sentence);
    await expect.poll(() => engine.get(SERIES)?.activeDemands).toBe(0);
    await page.unroute(address);
    await page.getByTestId("try-again").click();
    // From where it came to, which nobody has seen of the others.
    const reachedSeconds = address.includes("seg-2") ? 4 : 0.5;
    await expect
      .poll(() => videoState<number>(page, "currentTime"), { timeout: 20_000 })
      .toBeGreaterThan(reachedSeconds);
  });

  test("goes on when what failed comes back", { timeout: 60_000 }, async () => {
    await using opened = await world.open({ script: OPENS_NO_MATROSKA });
    const { page, engine } = opened;
    let failures = 0;
    await page.route("**/video/seg-2.m4s", (route) => {
      failures += 1;
      return failures <= 4 ? route.fulfill({ status: 503, json: {} }) : route.continue();
    });
    await engine.add(SERIES, { signal: never });
    await page.goto(`${opened.url}/watch/${SERIES}/0`);
    await page.getByTestId("player").waitFor({ state: "attached" });
    await expect
      .poll(() => videoState<number>(page, "currentTime"), { timeout: 40_000 })
      .toBeGreaterThan(SEGMENT_2_SECONDS);
    expect(failures).toBe(5);
  });

  test("says that nobody has the film when nobody has come for half a minute", async () => {
    await using opened = await world.open({}, [
      { infoHash: "9".repeat(40), name: "Never", files: [], metadataDelayMs: Number.POSITIVE_INFINITY },
    ]);
    const { page, engine } = opened;
    await engine.add("9".repeat(40), { signal: never });
    await page.clock.install();
    await page.goto(`${opened.url}/watch/${"9".repeat(40)}/0`);
    await expect.poll(() => page.getByTestId("trace").textContent()).toMatch(/^Asking peers what is in the torrent…/);
    await page.clock.fastForward(31_000);
    await expect
      .poll(() => page.getByTestId("alone").textContent())
      .toMatch(/^Nobody who has this film was found for 3\d s\./);
  });

  test("tells what a start waits for, and starts when it comes", async () => {
    await using opened = await world.watch({ infoHash: LATE });
    const { page } = opened;
    const trace = page.getByTestId("trace");
    await expect.poll(() => trace.textContent()).toMatch(/^Asking peers .+… \d\.\d s, 0 B from 0 peers$/);
    await untilPicture(opened);
    expect(await page.getByTestId("trace-box").getAttribute("data-state")).toBe("started");
  });

  test("offers to wait for so much that it plays to its end, where the swarm is too slow", {
    timeout: 90_000,
  }, async () => {
    const infoHash = "8".repeat(40);
    const arrivals = { kind: "swarm", bytesPerSecond: 150_000, latencyMs: 20 } as const;
    const files = [{ path: "slow.mkv", bytes: world.film }];
    const slow = { infoHash, name: "Slow", files, pieceLengthBytes: 16 * 1024, arrivals };
    await using opened = await world.watch({ infoHash }, [slow]);
    const { page } = opened;
    await untilPicture(opened);
    await page.evaluate("document.querySelector('video').playbackRate = 8");
    const offer = page.getByTestId("too-slow");
    await offer.waitFor({ timeout: 60_000 });
    expect(await offer.textContent()).toMatch(
      /^The swarm gives [01](\.\d)? Mb\/s, this film needs [56](\.\d)? Mb\/s\./,
    );
    const prepared = page.waitForRequest((request) => request.url().endsWith("/prepare"));
    await page.getByTestId("buffer-ahead").click();
    expect((await prepared).postDataJSON()).toMatchObject({ seconds: expect.any(Number) });
    await expect.poll(() => videoState(page, "paused")).toBe(true);
    await page
      .getByTestId("buffering-ahead")
      .getByText(/are there\. It goes on by itself\.$/)
      .waitFor();
    await expect.poll(() => videoState(page, "paused"), { timeout: 40_000 }).toBe(false);
  });

  test("says so when the torrent is removed, and when there never was one", async () => {
    await using opened = await world.watch();
    const { page, engine } = opened;
    await untilPicture(opened);
    await engine.remove(FEATURE_HASH, { deleteData: false, signal: never });
    await page.getByRole("alert").getByText("There is no such file in the library.").waitFor();
    expect(await page.getByTestId("player").count()).toBe(0);
  });
});

/** Both are on their way at once: on a busy machine, the second one would come too late after an answer to the first. */
async function tapTwice(page: Page, x: number): Promise<void> {
  await Promise.all([page.touchscreen.tap(x, 200), page.touchscreen.tap(x, 200)]);
}
