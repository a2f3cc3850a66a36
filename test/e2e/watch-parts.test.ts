import { afterAll, beforeAll, expect, test } from "vitest";
import { FEATURE } from "../films/feature-film.ts";
import { pgsOf } from "../films/pgs.ts";
import { readFrameInPage } from "../films/read-in-page.ts";
import { expectAccessible } from "../support/axe-in-page.ts";
import { FILM, HOSTILE, HOSTILE_PATH } from "../support/page-world.ts";
import { describeWith } from "../support/tools.ts";
import {
  drawnPoints,
  FEATURE_HASH,
  shownFrame,
  standAt,
  untilPicture,
  videoState,
  watchWorld,
} from "../support/watch-world.ts";

const TOKEN = "q7Zr0w_kV2mB4tYx8nUcLg";

describeWith("chromium", "ffmpeg")("what the player shows", () => {
  let world: Awaited<ReturnType<typeof watchWorld>>;
  beforeAll(async () => {
    world = await watchWorld();
  });
  afterAll(() => world[Symbol.asyncDispose]());

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

  test("shows subtitles as the film comes", { timeout: 60_000 }, async () => {
    const infoHash = "8".repeat(40);
    const arrivals = { kind: "swarm", bytesPerSecond: 200_000, latencyMs: 20 } as const;
    const files = [{ path: "coming.mkv", bytes: world.film }];
    const coming = { infoHash, name: "Coming", files, pieceLengthBytes: 32 * 1024, arrivals };
    await using opened = await world.watch({ infoHash }, [coming]);
    const { page } = opened;
    await untilPicture(opened);
    await page.getByTestId("subtitle-menu").click();
    await page.getByLabel("English · SRT").check();
    const isInTime = `(() => {
      const { currentTime } = document.querySelector("video");
      const text = document.querySelector("[data-testid=subtitles]")?.textContent;
      return currentTime > 12 && text === "SRT cue " + Math.floor(currentTime);
    })()`;
    await expect.poll(() => page.evaluate(isInTime), { timeout: 40_000, interval: 100 }).toBe(true);
  });

  test("draws ASS and PGS over the picture, and takes the text where it cannot", async () => {
    await using opened = await world.watch();
    const { page } = opened;
    await untilPicture(opened);
    await standAt(page, 4.5);
    await page.getByTestId("subtitle-menu").click();
    const font = page.waitForResponse((response) => response.url().endsWith(`/${FEATURE_HASH}/0/attachments/0`));
    await page.getByRole("radio").nth(2).check();
    expect((await font).status()).toBe(200);
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

  test("goes on by its address where another device is to play it", async () => {
    const script = `{
      RemotePlayback.prototype.watchAvailability = async (tell) => (tell(true), 1);
      RemotePlayback.prototype.prompt = async () => void (globalThis.isPrompted = true);
    }`;
    await using opened = await world.watch({ script });
    const { page } = opened;
    await untilPicture(opened);
    expect(await videoState(page, "src")).toMatch(/^blob:/);
    await expect.poll(() => videoState<number>(page, "currentTime")).toBeGreaterThan(3);
    await page.getByTestId("cast").click();
    await expect.poll(() => page.evaluate("globalThis.isPrompted")).toBe(true);
    expect(await videoState(page, "src")).toMatch(/^http:.+\/(virtual\.mp4|master\.m3u8)/);
    expect(await videoState(page, "disableRemotePlayback")).toBe(false);
    await expect.poll(() => videoState<number>(page, "currentTime")).toBeGreaterThan(3);
    await expect.poll(() => shownFrame(page)).toBeGreaterThan(3 * FEATURE.framesPerSecond);
  });

  test("says how it plays", async () => {
    await using opened = await world.watch();
    const { page } = opened;
    await untilPicture(opened);
    await page.getByTestId("quality-button").click();
    const panel = page.getByTestId("quality");
    await panel.getByText(/^\d+(\.\d)? s$/).waitFor();
    const facts = await panel.locator("dd").allTextContents();
    expect(facts).toContain("In segments");
    expect(facts).toContain("640×360 · h264 · 24 fps · aac");
    expect(facts.some((fact) => fact.startsWith("100 % · "))).toBe(true);
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
    expect(await page.getByTestId("subtitle-panel").textContent()).toContain("Untertiteldatei öffnen…");
  });
});
