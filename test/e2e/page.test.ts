import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { clockFrom, StreamError } from "@riptide/core";
import { createApp, hostPolicy, listen } from "@riptide/http";
import { createSimulatedTorrentEngine, type SimulatedTorrentSeed } from "@riptide/sim";
import { createStreamFactory } from "@riptide/stream";
import type { Browser, Page } from "playwright-core";
import { build } from "vite";
import { afterAll, beforeAll, expect, test } from "vitest";
import { films } from "../films/films.ts";
import { hearInPage } from "../films/hear-in-page.ts";
import { readSecondFromAudio } from "../films/read-sound.ts";
import { launchBrowser, OPENS_NO_MATROSKA } from "../support/browser.ts";
import { type TemporaryFolder, temporaryFolder } from "../support/temporary-folder.ts";
import { describeWith } from "../support/tools.ts";

const FILM = "a".repeat(40);
const LATE = "b".repeat(40);
const HOSTILE = "c".repeat(40);
const SERIES = "d".repeat(40);
const HOSTILE_NAME = `"><img src=x onerror="window.scripted=1"> ${"x".repeat(300)}`;
const HOSTILE_PATH = "<script>window.scripted=1</script>/<svg onload=window.scripted=1>.mkv";
const TOKEN = "q7Zr0w_kV2mB4tYx8nUcLg";

describeWith("chromium", "ffmpeg")("the page", () => {
  let browser: Browser;
  let webRoot: TemporaryFolder;
  let film: Uint8Array;
  let episodes: Uint8Array[];

  beforeAll(async () => {
    webRoot = await temporaryFolder("page");
    const root = fileURLToPath(new URL("../../packages/web", import.meta.url));
    await build({ root, build: { outDir: webRoot.path, emptyOutDir: true }, logLevel: "warn" });
    film = await readFile(await films.ensure("mp4-moov-first"));
    const names = ["mkv-h264-aac-srt", "mkv-h264-bframes-ac3-ass"] as const;
    episodes = await Promise.all(names.map(async (name) => readFile(await films.ensure(name))));
    browser = await launchBrowser();
  });
  afterAll(async () => {
    await browser.close();
    await webRoot[Symbol.asyncDispose]();
  });

  test("lists a magnet that was pasted, and its files as soon as they are known", async () => {
    await using world = await open();
    const { page } = world;
    await page.getByTestId("empty").waitFor();
    await add(page, `magnet:?xt=urn:btih:${LATE}&dn=Comes%20later`);
    const card = page.getByTestId("torrent");
    await card.getByText("Comes later").waitFor();
    expect(await card.getByTestId("torrent-state").textContent()).toBe("Waiting for metadata · 0 of 0 peers");
    await card.getByTestId("file").waitFor();
    expect(await card.getByTestId("torrent-name").textContent()).toBe("Came");
    expect(await card.getByTestId("file").textContent()).toContain("late.mp4");
    expect(await page.getByTestId("empty").isVisible()).toBe(false);
  });

  test("takes a .torrent file that was chosen or dropped", async () => {
    await using world = await open();
    const { page } = world;
    const torrent = { name: "film.torrent", mimeType: "application/x-bittorrent", buffer: Buffer.from("film") };
    await page.getByTestId("torrent-file-input").setInputFiles(torrent);
    await page.getByTestId("torrent").getByText("A film").waitFor();
    expect(world.engine.list()).toHaveLength(1);
    await world.engine.remove(FILM, { deleteData: false, signal: new AbortController().signal });
    await page.getByTestId("empty").waitFor();
    await page.evaluate(`{
      const dataTransfer = new DataTransfer();
      dataTransfer.items.add(new File(["film"], "film.torrent"));
      dispatchEvent(new DragEvent("drop", { dataTransfer }));
    }`);
    await page.getByTestId("torrent").getByText("A film").waitFor();
  });

  test.each([
    ["", "Paste a magnet link, an address or an info hash first."],
    ["hello", "This is neither a magnet link, nor an address, nor an info hash."],
    ["http://nowhere.example/x.torrent", "This address cannot be reached."],
  ])("says what is wrong with the source %j", async (source, sentence) => {
    await using world = await open();
    await add(world.page, source);
    await world.page.getByTestId("message").getByText(sentence).waitFor();
    expect(await world.page.getByTestId("message").getAttribute("role")).toBe("alert");
    expect(await world.page.getByTestId("source-input").inputValue()).toBe(source);
  });

  test("plays a file, and tells how soon and for how many bytes", async () => {
    await using world = await open();
    const { page } = world;
    await add(page, FILM);
    await page.getByRole("button", { name: "Play Film/film.mp4" }).click();
    await page.getByText(/^First picture after \d+\.\d s, .+ downloaded$/).waitFor();
    await expect.poll(() => page.evaluate("document.querySelector('video').currentTime")).toBeGreaterThan(0.5);
    await page.getByTestId("close-player").click();
    await expect.poll(() => world.engine.get(FILM)?.activeDemands).toBe(0);
  });

  test("says why a file does not play, in the server's words", async () => {
    await using world = await open();
    await add(world.page, FILM);
    await world.page.getByTestId("play").last().click();
    const { detail } = JSON.parse(await (await fetch(`${world.url}/stream/${FILM}/1`)).text());
    expect(detail).toMatch(/^[A-Z].+\.$/);
    await expect.poll(() => world.page.getByTestId("trace").textContent()).toBe(detail);
  });

  test("plays a film in segments, with another of its sounds and its subtitles", async () => {
    await using world = await open({ script: OPENS_NO_MATROSKA });
    const { page } = world;
    await add(page, SERIES);
    await page.getByTestId("play").first().click();
    await page.getByText(/^First picture after/).waitFor();
    expect(await page.getByTestId("reasons").textContent()).toBe(
      "Your player does not open this kind of file. The film is repackaged as fragmented MP4 on the way.",
    );
    expect(await page.getByTestId("sound").locator("option").allTextContents()).toEqual([
      "English · stereo",
      "French · stereo",
    ]);
    await expect.poll(() => heardTrack(page)).toBe(0);
    await page.getByTestId("sound").selectOption("French · stereo");
    await expect.poll(() => heardTrack(page)).toBe(1);
    const tracks = await page.evaluate(`Array.from(document.querySelector("video").textTracks, ({ kind }) => kind)`);
    expect(tracks).toEqual(["subtitles"]);
    await page.evaluate(`document.querySelector("video").textTracks[0].mode = "showing"`);
    await expect.poll(() => page.evaluate<string>(SHOWN_TEXT)).toMatch(/^SRT cue \d+$/);
    expect(world.violations).toEqual([]);
    await page.getByTestId("close-player").click();
    await expect.poll(() => world.engine.get(SERIES)?.activeDemands).toBe(0);
  });

  test("says what it would take to play a film, and where else it plays", async () => {
    await using world = await open();
    await add(world.page, SERIES);
    await world.page.getByTestId("play").last().click();
    const trace = world.page.getByTestId("trace");
    await expect
      .poll(() => trace.textContent())
      .toMatch(/Install ffmpeg, or download the film\. Copy its URL and open it in VLC\.$/);
  });

  test.each([
    ["the choice", "**/playback", "The disk is full. Make room."],
    ["a segment", "**/video/seg-2.m4s", "The disk is full. Make room."],
    ["the master playlist", "**/master.m3u8", "The disk is full. Make room."],
  ])("says so when %s fails for good", { timeout: 60_000 }, async (_what, address, sentence) => {
    await using world = await open({ script: OPENS_NO_MATROSKA });
    const { page } = world;
    await page.route(address, (route) => route.fulfill({ status: 507, json: { detail: sentence } }));
    await add(page, SERIES);
    await page.getByTestId("play").first().click();
    await expect.poll(() => page.getByTestId("trace").textContent(), { timeout: 40_000 }).toBe(sentence);
    await expect.poll(() => world.engine.get(SERIES)?.activeDemands).toBe(0);
  });

  test("goes on when what failed comes back", { timeout: 60_000 }, async () => {
    await using world = await open({ script: OPENS_NO_MATROSKA });
    const { page } = world;
    let failures = 0;
    await page.route("**/video/seg-2.m4s", (route) => {
      failures += 1;
      return failures <= 4 ? route.fulfill({ status: 503, json: {} }) : route.continue();
    });
    await add(page, SERIES);
    await page.getByTestId("play").first().click();
    const currentTime = (): Promise<number> => page.evaluate("document.querySelector('video').currentTime");
    await expect.poll(currentTime, { timeout: 40_000 }).toBeGreaterThan(SEGMENT_2_SECONDS);
    expect(failures).toBe(5);
  });

  test("shows why a torrent failed", async () => {
    await using world = await open();
    await add(world.page, FILM);
    await world.page.getByTestId("file").first().waitFor();
    world.engine.failTorrent(FILM, new StreamError("disk_full", "The disk is full. Make room."));
    const state = world.page.getByTestId("torrent-state");
    await expect.poll(() => state.textContent()).toBe("The disk is full. Make room.");
  });

  test.each([
    ["remove-keep-data", false],
    ["remove-with-data", true],
  ])("asks before it removes a torrent (%s)", async (answer, deleteData) => {
    await using world = await open();
    const { page } = world;
    await add(page, FILM);
    await page.getByTestId("play").first().click();
    await page.getByTestId("remove").click();
    expect(world.engine.removals).toEqual([]);
    await page.getByTestId(answer).click();
    await page.getByTestId("empty").waitFor();
    expect(await page.getByTestId("player").count()).toBe(0);
    expect(world.engine.removals).toEqual([{ infoHash: FILM, deleteData }]);
  });

  test("copies the address of the original bytes", async () => {
    await using world = await open();
    await world.page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
    await add(world.page, FILM);
    await world.page.getByTestId("copy-url").first().click();
    await world.page.getByText(/^Copied/).waitFor();
    const copied = await world.page.evaluate<string>("navigator.clipboard.readText()");
    expect(copied).toBe(`${world.url}/stream/${FILM}/0/direct`);
    expect((await fetch(copied)).status).toBe(200);
  });

  test.each([
    [1280, 900, "light"],
    [1280, 900, "dark"],
    [360, 740, "light"],
    [360, 740, "dark"],
  ] as const)("shows hostile names as text and stays in its frame (%i×%i, %s)", async (width, height, colorScheme) => {
    await using world = await open({ viewport: { width, height }, colorScheme });
    const { page } = world;
    await add(page, HOSTILE);
    const path = page.getByTestId("file").getByText(HOSTILE_PATH);
    await path.waitFor();
    expect(await page.getByTestId("torrent-name").textContent()).toBe(HOSTILE_NAME);
    await page.getByTestId("play").click();
    await page.getByTestId("player").waitFor();
    expect(await page.evaluate("window.scripted")).toBeUndefined();
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(width);
    expect(world.violations).toEqual([]);
  });

  test("works behind an access token with the link that the server prints", async () => {
    await using world = await open({ token: TOKEN });
    await add(world.page, FILM);
    await world.page.getByTestId("play").first().click();
    await world.page.getByText(/^First picture after/).waitFor();
    expect(await world.page.getByRole("link", { name: "VLC" }).first().getAttribute("href")).toContain(
      `token=${TOKEN}`,
    );
  });

  test("says that the server is gone, and goes on when it is back", async () => {
    await using world = await open();
    await add(world.page, FILM);
    await world.page.getByTestId("file").first().waitFor();
    await world.restart(async () => {
      await world.page.getByText("The connection to Riptide is lost. Trying again…").waitFor();
      await world.engine.add(LATE, { signal: new AbortController().signal });
    });
    await expect.poll(() => world.page.getByTestId("torrent").count(), { timeout: 15_000 }).toBe(2);
    expect(await world.page.getByTestId("message").isVisible()).toBe(false);
  });

  /** A server over simulated torrents, and the page in a context of its own. */
  async function open(options: { token?: string; script?: string } & Parameters<Browser["newContext"]>[0] = {}) {
    const { token, script, ...contextOptions } = options;
    const clock = clockFrom({
      nowMs: () => performance.now(),
      setTimeout,
      clearTimeout: (handle) => clearTimeout(Number(handle)),
    });
    const engine = createSimulatedTorrentEngine({ clock, torrents: seeds(film, episodes) });
    const streams = createStreamFactory({ ffmpeg: undefined, clock });
    const allowedHosts = hostPolicy({ boundTo: "127.0.0.1" });
    const app = createApp({ engine, streams, clock, allowedHosts, version: "test", token, webRoot: webRoot.path });
    let server = await listen(app, { host: "127.0.0.1", port: 0 });
    const context = await browser.newContext(contextOptions);
    const page = await context.newPage();
    if (script !== undefined) await page.addInitScript(script);
    const violations: string[] = [];
    page.on("console", (message) => {
      if (message.text().includes("Content Security Policy")) violations.push(message.text());
    });
    page.on("pageerror", (error) => violations.push(error.message));
    await page.goto(token === undefined ? server.url : `${server.url}/?token=${token}`);
    return {
      page,
      engine,
      violations,
      url: server.url,
      async restart(meanwhile: () => Promise<void>) {
        await server.close({ graceMs: 0 });
        await meanwhile();
        server = await listen(app, { host: "127.0.0.1", port: server.port });
      },
      async [Symbol.asyncDispose]() {
        await context.close();
        await server.close({ graceMs: 0 });
        await engine.close();
      },
    };
  }
});

/** The text of the subtitle on the screen. Runs in the page. */
/** Where the segments before it end. */
const SEGMENT_2_SECONDS = 8.5;
const SHOWN_TEXT = `Array.from(document.querySelector("video").textTracks[0].activeCues ?? [], ({ text }) => text).join()`;

/** A fifth of a second. */
const HEARD_SAMPLES = 9600;

/** Which sound track of a test film is heard. */
async function heardTrack(page: Page): Promise<number | undefined> {
  const { samples } = await page.evaluate<{ samples: number[] }>(`(${hearInPage})(document.querySelector("video"))`);
  return readSecondFromAudio(Float32Array.from(samples.slice(-HEARD_SAMPLES)))?.track;
}

function seeds(film: Uint8Array, episodes: readonly Uint8Array[]): SimulatedTorrentSeed[] {
  return [
    {
      infoHash: FILM,
      name: "A film",
      files: [
        { path: "Film/film.mp4", bytes: film },
        { path: "Film/notes.txt", bytes: new Uint8Array(300) },
      ],
      pieceLengthBytes: 64 * 1024,
      arrivals: { kind: "swarm", bytesPerSecond: 4_000_000, latencyMs: 20 },
      sources: [new TextEncoder().encode("film")],
    },
    { infoHash: LATE, name: "Came", files: [{ path: "late.mp4", bytes: film }], metadataDelayMs: 1_500 },
    { infoHash: SERIES, name: "A series", files: episodes.map((bytes, index) => ({ path: `${index}.mkv`, bytes })) },
    { infoHash: HOSTILE, name: HOSTILE_NAME, files: [{ path: HOSTILE_PATH, bytes: film }] },
  ];
}

async function add(page: Page, source: string): Promise<void> {
  await page.getByTestId("source-input").fill(source);
  await page.getByTestId("add-button").click();
}
