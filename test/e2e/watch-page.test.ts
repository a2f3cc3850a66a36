import type { ViewingList } from "@riptide/http";
import { afterAll, beforeAll, expect, test } from "vitest";
import { FEATURE } from "../films/feature-film.ts";
import { pgsOf } from "../films/pgs.ts";
import { readFrameInPage } from "../films/read-in-page.ts";
import { expectAccessible } from "../support/axe-in-page.ts";
import { OPENS_NO_MATROSKA } from "../support/browser.ts";
import { FILM, HOSTILE, HOSTILE_PATH, LATE, SERIES } from "../support/page-world.ts";
import { describeWith } from "../support/tools.ts";
import {
  drawnPoints,
  FEATURE_HASH,
  heardTrack,
  never,
  shownFrame,
  standAt,
  untilPicture,
  videoState,
  watchWorld,
} from "../support/watch-world.ts";

const TOKEN = "q7Zr0w_kV2mB4tYx8nUcLg";
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
    await expect.poll(seconds).toBe(10);
    await page.keyboard.press("ArrowRight");
    await expect.poll(seconds).toBe(15);
    await page.keyboard.press("j");
    await expect.poll(seconds).toBe(5);
    await page.keyboard.press("ArrowLeft");
    await expect.poll(seconds).toBe(0);
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
    await page.touchscreen.tap(350, 200);
    await page.touchscreen.tap(350, 200);
    await expect.poll(() => videoState(page, "currentTime")).toBe(15);
    await page.waitForTimeout(400); // the next two belong together, and not to these
    await page.touchscreen.tap(40, 200);
    await page.touchscreen.tap(40, 200);
    await expect.poll(() => videoState(page, "currentTime")).toBe(5);
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(390);
  });

  test("shows subtitles as text, in the size, at the height and at the time that is wanted", async () => {
    await using opened = await world.watch();
    const { page } = opened;
    await untilPicture(opened);
    await page.getByTestId("subtitle-menu").click();
    await page.getByLabel("English · SRT").check();
    await standAt(page, 5.5);
    const line = page.getByTestId("subtitles").locator("p");
    await expect.poll(() => line.textContent()).toBe("SRT cue 5");
    const before = (await line.boundingBox())!;
    const bar = (await page.getByTestId("seek-bar").boundingBox())!;
    expect(before.y + before.height).toBeLessThanOrEqual(bar.y);
    await page.getByLabel("Size").fill("200");
    await page.getByLabel("Height").fill("40");
    await expect.poll(async () => (await line.boundingBox())!.height).toBeGreaterThan(before.height * 1.7);
    expect((await line.boundingBox())!.y).toBeLessThan(before.y - 150);
    await page.getByLabel("Delay").fill("2");
    await expect.poll(() => line.textContent()).toBe("SRT cue 3");
    await page.keyboard.press("Escape");
    await page.keyboard.press("c");
    await expect.poll(() => line.count()).toBe(0);
    await page.keyboard.press("c");
    await expect.poll(() => line.count()).toBe(1);
    expect(opened.violations).toEqual([]);
  });

  test("draws ASS and PGS over the picture, and takes the text where it cannot", async () => {
    await using opened = await world.watch();
    const { page } = opened;
    await untilPicture(opened);
    await standAt(page, 4.5);
    await page.getByTestId("subtitle-menu").click();
    await page.getByRole("radio").nth(2).check();
    // That of an even second moves from the left to the right: it is in the middle.
    await expect.poll(async () => (await drawnPoints(page)).left).toBeGreaterThan(3);
    await standAt(page, 4.15);
    await expect
      .poll(async () => {
        const { left, right } = await drawnPoints(page);
        return left > 3 * right;
      })
      .toBe(true);
    await page.getByRole("radio").nth(3).check();
    await expect.poll(() => drawnPoints(page)).toEqual({ left: expect.toSatisfy((points) => points > 60), right: 0 });
    await standAt(page, 5.5);
    await expect.poll(() => drawnPoints(page)).toEqual({ left: 0, right: expect.toSatisfy((points) => points > 60) });
    await standAt(page, 5.95);
    await expect.poll(() => drawnPoints(page)).toEqual({ left: 0, right: 0 });
    expect(opened.violations).toEqual([]);
  });

  test("shows the text of ASS where WebAssembly is missing", async () => {
    await using opened = await world.watch({ script: "delete globalThis.WebAssembly;" });
    const { page } = opened;
    await untilPicture(opened);
    await page.getByTestId("subtitle-menu").click();
    await page.getByRole("radio").nth(2).check();
    await standAt(page, 4.5);
    await expect.poll(() => page.getByTestId("subtitles").textContent()).toBe("ASS cue 4");
    expect(opened.violations).toEqual([]);
  });

  test("shows subtitles from beside the film, and from a file of the user's", async () => {
    await using opened = await world.watch();
    const { page } = opened;
    await untilPicture(opened);
    await standAt(page, 4.5);
    await page.getByTestId("subtitle-menu").click();
    await page.getByLabel("German").check();
    const line = page.getByTestId("subtitles");
    await expect.poll(() => line.textContent()).toBe("Beside the film");
    const italic = `Array.from(document.querySelectorAll("[data-testid=subtitles] span span"))
      .filter((run) => getComputedStyle(run).fontStyle === "italic").map((run) => run.textContent).join()`;
    expect(await page.evaluate(italic)).toBe("the");
    const latin = Buffer.from("1\n00:00:04,000 --> 00:00:05,000\nEin Bär im Wald, drei Bären übers Jahr\n", "latin1");
    await page.getByTestId("subtitle-file").setInputFiles({ name: "mine.srt", mimeType: "", buffer: latin });
    await expect.poll(() => line.textContent()).toBe("Ein Bär im Wald, drei Bären übers Jahr");
    const pictures = pgsOf(FEATURE.durationSeconds, FEATURE.widthPixels, FEATURE.heightPixels);
    await page.getByTestId("subtitle-file").setInputFiles({ name: "mine.sup", mimeType: "", buffer: pictures });
    await expect.poll(async () => (await drawnPoints(page)).left).toBeGreaterThan(60);
    const nonsense = Buffer.from([0, 1, 2, 3, 0xff]);
    await page.getByTestId("subtitle-file").setInputFiles({ name: "x.srt", mimeType: "", buffer: nonsense });
    await expect.poll(() => page.getByTestId("subtitle-panel").getByRole("alert").textContent()).toMatch(/^[A-Z].+\.$/);
    expect(opened.violations).toEqual([]);
  });

  test("lists chapters, marks them, and goes to them", async () => {
    await using opened = await world.watch();
    const { page } = opened;
    await untilPicture(opened);
    expect(await page.getByTestId("chapter-mark").count()).toBe(2);
    await page.getByTestId("chapters").click();
    await page.getByRole("menuitemradio", { name: "The storm <b>" }).click();
    await expect.poll(() => videoState<number>(page, "currentTime")).toBeGreaterThanOrEqual(8);
    expect(await videoState<number>(page, "currentTime")).toBeLessThan(13);
    await expect.poll(() => page.getByTestId("clock").textContent()).toContain("The storm <b>");
  });

  test("shows on the seek bar what is there, on its way and buffered, and where the pointer is", async () => {
    await using opened = await world.watch({ infoHash: FILM });
    const { page } = opened;
    await untilPicture(opened);
    const bar = page.getByTestId("seek-bar");
    await page.mouse.move(600, 600);
    await expect.poll(() => page.getByTestId("range-available").count()).toBeGreaterThan(0);
    await expect.poll(() => page.getByTestId("range-buffered").count()).toBeGreaterThan(0);
    const { x, y, width, height } = (await bar.boundingBox())!;
    await page.mouse.move(x + width / 2, y + height / 2);
    await page.getByTestId("seek-preview").getByText("0:10").waitFor();
    await page.mouse.click(x + width / 2, y + height / 2);
    await expect.poll(() => videoState<number>(page, "currentTime")).toBeGreaterThanOrEqual(9.9);
    await page.keyboard.press("k");
    await standAt(page, 10);
    await bar.focus();
    await page.keyboard.press("ArrowLeft");
    await expect.poll(() => videoState(page, "currentTime")).toBe(5);
    await expect.poll(() => bar.getAttribute("aria-valuetext")).toBe("0:05 of 0:20");
    await page.keyboard.press("End");
    await expect.poll(() => bar.getAttribute("aria-valuetext")).toBe("0:20 of 0:20");
  });

  test("shows a picture of the place under the pointer, of bytes that are there", async () => {
    await using opened = await world.watch({ hasFfmpeg: true });
    const { page } = opened;
    await untilPicture(opened);
    const { x, y, width, height } = (await page.getByTestId("seek-bar").boundingBox())!;
    await page.mouse.move(x + 0.7 * width, y + height / 2);
    const thumbnail = page.getByTestId("thumbnail");
    await thumbnail.waitFor();
    const frame = await page.evaluate<number>(`(() => {
      const picture = document.querySelector("[data-testid=thumbnail]");
      return (${readFrameInPage})(Object.defineProperty(picture, "videoWidth", { value: picture.naturalWidth }));
    })()`);
    // A keyframe, at or before that time.
    expect(frame).toBeLessThanOrEqual(0.7 * FEATURE.durationSeconds * FEATURE.framesPerSecond);
    expect(frame).toBeGreaterThan(0.5 * FEATURE.durationSeconds * FEATURE.framesPerSecond);
    expect(opened.violations).toEqual([]);
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
    await phone.goto(`${opened.url}/watch/${FEATURE_HASH}/0`);
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

  test("says how it plays", async () => {
    await using opened = await world.watch();
    const { page } = opened;
    await untilPicture(opened);
    await page.getByTestId("quality-button").click();
    const panel = page.getByTestId("quality");
    await panel.getByText("In segments").waitFor();
    await panel.getByText("640×360 · h264 · 24 fps · aac").waitFor();
    await panel.getByText(/^100 % · /).waitFor();
    await panel.getByText(/^\d+(\.\d)? s$/).waitFor();
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
    const reached = await page.getByTestId("clock").textContent();
    await page.getByTestId("try-again").click();
    await expect.poll(() => videoState<number>(page, "currentTime"), { timeout: 20_000 }).toBeGreaterThan(0.5);
    if (address.includes("seg-2")) {
      expect(await videoState<number>(page, "currentTime"), reached ?? "").toBeGreaterThan(4);
    }
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

  test.each([
    [1280, 900, "light"],
    [360, 740, "dark"],
  ] as const)("shows hostile names as text and stays in its frame (%i×%i, %s)", async (width, height, colorScheme) => {
    await using opened = await world.watch({ infoHash: HOSTILE, viewport: { width, height }, colorScheme });
    const { page } = opened;
    await untilPicture(opened);
    expect(await page.getByTestId("player").getAttribute("aria-label")).toBe(HOSTILE_PATH);
    expect(await page.evaluate("window.scripted")).toBeUndefined();
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(width);
    expect(opened.violations).toEqual([]);
  });

  test("works behind an access token", async () => {
    await using opened = await world.watch({ token: TOKEN });
    await untilPicture(opened);
    await opened.page.getByTestId("subtitle-menu").click();
    await opened.page.getByLabel("English · SRT").check();
    await standAt(opened.page, 5.5);
    await expect.poll(() => opened.page.getByTestId("subtitles").textContent()).toBe("SRT cue 5");
  });

  test.each([
    [1280, 900, "light"],
    [390, 844, "dark"],
  ] as const)("is there for everybody, with everything that opens (%i×%i, %s)", async (width, height, colorScheme) => {
    await using opened = await world.watch({ viewport: { width, height }, colorScheme });
    const { page } = opened;
    await untilPicture(opened);
    await standAt(page, 5.5);
    await expectAccessible(page, "the player");
    for (const name of ["speed", "sound", "chapters", "subtitle-menu"]) {
      const opener = page.getByTestId(name);
      await opener.focus();
      await page.keyboard.press("Enter");
      await page.locator("[role=menu], [role=dialog]").waitFor();
      await expectAccessible(page, name);
      await page.keyboard.press("Escape");
      await page.locator("[role=menu], [role=dialog]").waitFor({ state: "detached" });
      await expect.poll(() => page.evaluate("document.activeElement.dataset.testid")).toBe(name);
    }
    await page.keyboard.press("?");
    await page.getByTestId("help").waitFor();
    await expectAccessible(page, "help");
    await page.keyboard.press("Escape");
    await page.getByTestId("quality-button").click();
    await expectAccessible(page, "quality");
    expect(opened.violations).toEqual([]);
  });

  test("speaks German to who speaks it", async () => {
    await using opened = await world.watch({ locale: "de-DE" });
    const { page } = opened;
    await page.getByText(/^Erstes Bild nach \d+\.\d s, .+ geladen$/).waitFor({ state: "attached" });
    await page.getByRole("button", { name: "Untertitel" }).click();
    await page.getByLabel("Englisch · SRT").check();
  });
});
