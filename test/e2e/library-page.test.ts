import { StreamError } from "@riptide/core";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  FILM,
  HOSTILE,
  LAN_NAME,
  LATE,
  type PageOptions,
  pageWorld,
  putViewing,
  SERIES,
  SLOW,
} from "../support/page-world.ts";
import { describeWith } from "../support/tools.ts";

const TOKEN = "q7Zr0w_kV2mB4tYx8nUcLg";
const SHOW = "e".repeat(40);
const CROWD = "f".repeat(40);
const LATE_MAGNET = `magnet:?xt=urn:btih:${LATE}&dn=Comes%20later`;

describeWith("chromium", "ffmpeg")("the library", () => {
  let pages: Awaited<ReturnType<typeof pageWorld>>;
  beforeAll(async () => {
    pages = await pageWorld();
  });
  afterAll(() => pages[Symbol.asyncDispose]());
  const open = (options?: PageOptions) => pages.open(options, SEEDS);

  test("lists a magnet that was typed, and its files as soon as they are known", async () => {
    await using world = await open();
    const { page } = world;
    await page.getByTestId("empty").waitFor();
    await add(page, LATE_MAGNET);
    const card = page.getByTestId("torrent");
    await card.getByText("Comes later").waitFor();
    expect(await card.getByTestId("torrent-state").textContent()).toBe("Waiting for metadata · 0 of 0 peers");
    await card.getByTestId("file").waitFor();
    expect(await card.getByTestId("torrent-name").textContent()).toBe("Came");
    expect(await card.getByTestId("file").textContent()).toContain("late.mp4");
    expect(await page.getByTestId("empty").count()).toBe(0);
    expect(await page.getByTestId("source-input").inputValue()).toBe("");
    expect(await page.getByTestId("message").getAttribute("role")).toBe("status");
  });

  test("leaves what is typed while it adds", async () => {
    await using world = await open();
    const { page } = world;
    const soon = () => page.waitForTimeout(500);
    await page.route("**/api/torrents", (route) => soon().then(() => route.continue()), { times: 1 });
    await add(page, FILM);
    await page.getByTestId("source-input").fill("the next one");
    await page.getByTestId("torrent").getByText("A film").waitFor();
    await expect.poll(() => page.getByTestId("add-button").isEnabled()).toBe(true);
    expect(await page.getByTestId("source-input").inputValue()).toBe("the next one");
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
      dispatchEvent(new DragEvent("dragover", { dataTransfer, cancelable: true }));
    }`);
    await page.getByText("Drop it here").waitFor();
    await page.evaluate(`{
      const dataTransfer = new DataTransfer();
      dataTransfer.items.add(new File(["film"], "film.torrent"));
      dispatchEvent(new DragEvent("drop", { dataTransfer, cancelable: true }));
    }`);
    await page.getByTestId("torrent").getByText("A film").waitFor();
    expect(await page.getByText("Drop it here").count()).toBe(0);
  });

  test("takes what is pasted anywhere if it is a torrent, and leaves a field what is pasted there", async () => {
    await using world = await open();
    const { page } = world;
    await page.getByTestId("empty").waitFor();
    await paste(page, "body", "just some words, not a source");
    await paste(page, "[data-testid=source-input]", FILM);
    await paste(page, "body", `${LATE_MAGNET}\n${SERIES}`);
    await expect.poll(() => page.getByTestId("torrent").count()).toBe(2);
    expect(world.engine.list().map(({ infoHash }) => infoHash)).toEqual([LATE, SERIES]);
  });

  test("asks before it adds what a magnet link of another page names", async () => {
    await using world = await open({ path: `/?add=${encodeURIComponent(LATE_MAGNET)}` });
    const { page } = world;
    const question = page.getByRole("alertdialog");
    await question.getByText("Comes later").waitFor();
    await page.getByRole("button", { name: "Cancel" }).click();
    await question.waitFor({ state: "detached" });
    expect(await page.evaluate("location.pathname + location.search")).toBe("/");
    expect(world.engine.list()).toEqual([]);
    await page.goto(`${world.url}/?add=${encodeURIComponent(LATE_MAGNET)}`);
    await page.getByTestId("confirm-add").click();
    await page.getByTestId("torrent").getByText("Came").waitFor();
    await page.reload();
    await page.getByTestId("torrent").waitFor();
    expect(await question.count()).toBe(0);
  });

  test("offers to open magnet links where the browser can hand them over", async () => {
    const script = "navigator.registerProtocolHandler = (...words) => { window.registered = words; };";
    await using world = await open({ script });
    await world.page.getByTestId("handle-magnets").click();
    expect(await world.page.evaluate("window.registered")).toEqual(["magnet", `${world.url}/?add=%s`]);
    await world.page.getByText("Your browser asks whether Riptide may open magnet links.").waitFor();
    await using lan = await open({ host: LAN_NAME });
    await lan.page.getByTestId("empty").waitFor();
    expect(await lan.page.getByTestId("handle-magnets").count()).toBe(0);
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
    await world.page.getByRole("button", { name: "Dismiss" }).click();
    expect(await world.page.getByTestId("message").count()).toBe(0);
  });

  test("shows how a torrent comes while it is read, and whether that is enough for its film", async () => {
    await using world = await open();
    const { page } = world;
    await add(page, SLOW);
    const state = page.getByTestId("torrent-state");
    await expect.poll(() => state.textContent()).toMatch(/^0 % of .+ · ↓ 0 B\/s · ↑ 0 B\/s · 1 of 1 peer$/);
    expect(await page.getByTestId("health").count()).toBe(0);
    const stopped = new AbortController();
    const stream = await fetch(`${world.url}/stream/${SLOW}/0/direct`, { signal: stopped.signal });
    await putViewing(world.url, SLOW, 0, { positionSeconds: 0.01, durationSeconds: 0.02 });
    const health = page.getByTestId("health");
    await expect.poll(() => health.textContent()).toMatch(/^The swarm gives .+ this film needs .+: it will pause\.$/);
    await expect.poll(() => state.textContent()).toMatch(/^[1-9]\d? % of .+ · ↓ .+ [KM]B\/s/);
    await putViewing(world.url, SLOW, 0, { positionSeconds: 1, durationSeconds: 900_000 });
    await expect.poll(() => health.textContent()).toMatch(/^The swarm gives .+ Mb\/s, this film needs 0 Mb\/s\.$/);
    stopped.abort();
    await stream.body?.cancel().catch(() => {});
  });

  test("shows why a torrent failed", async () => {
    await using world = await open();
    await add(world.page, FILM);
    await world.page.getByTestId("file").first().waitFor();
    world.engine.failTorrent(FILM, new StreamError("disk_full", "The disk is full. Make room."));
    await expect.poll(() => world.page.getByTestId("torrent-state").textContent()).toBe("The disk is full. Make room.");
  });

  test("cleans names up, and groups the files of a series into seasons, extras and others", async () => {
    await using world = await open();
    const { page } = world;
    await add(page, SHOW);
    await page.getByTestId("file").first().waitFor();
    expect(await page.getByTestId("torrent").getByRole("heading", { level: 2 }).textContent()).toBe(
      "Some Show (2014)720pSeason 1",
    );
    const headings = page.getByTestId("torrent").getByRole("heading", { level: 3 });
    expect(await headings.allTextContents()).toEqual(["Season 1", "Season 2", "Extras", "Other files"]);
    expect(await page.getByTestId("file").locator("div > p:first-child").allTextContents()).toEqual([
      "1 · Pilot",
      "2 · Episode 2",
      "10 · The Last",
      "1 · Again",
      "Making of.mkv",
      "readme.nfo",
    ]);
  });

  test("finds torrents and files by words, and sorts", async () => {
    await using world = await open();
    const { page } = world;
    for (const infoHash of [FILM, SHOW, SERIES]) await add(page, infoHash);
    const names = page.getByTestId("torrent-name");
    await expect.poll(() => names.allTextContents()).toEqual(["A series", "Some Show", "A film"]);
    await page.getByTestId("sort").selectOption("Name");
    await expect.poll(() => names.allTextContents()).toEqual(["A film", "A series", "Some Show"]);
    await page.getByTestId("search").fill("LAST s01e10");
    await expect.poll(() => names.allTextContents()).toEqual(["Some Show"]);
    expect(await page.getByTestId("file").count()).toBe(1);
    await page.getByTestId("search").fill("film");
    await expect.poll(() => names.allTextContents()).toEqual(["A film"]);
    expect(await page.getByTestId("file").count()).toBe(2);
    await page.getByTestId("search").fill("nothing like it");
    await page.getByTestId("nothing-found").waitFor();
    expect(await page.getByTestId("torrent").count()).toBe(0);
  });

  test("shows the first of a hundred thousand files, more on demand, and finds any of them", async () => {
    await using world = await open();
    const { page } = world;
    await add(page, CROWD);
    await page.getByTestId("file").first().waitFor();
    const files = page.getByTestId("file");
    const atFirst = await files.count();
    expect(atFirst).toBeLessThanOrEqual(50);
    await page.getByTestId("show-more").click();
    await expect.poll(() => files.count()).toBe(atFirst + 50);
    await page.getByTestId("search").fill("clip-98765.mp4");
    await expect.poll(() => files.count()).toBe(1);
    expect(await page.getByTestId("play").getAttribute("href")).toBe(`/watch/${CROWD}/98765`);
  });

  test.each([
    ["remove-keep-data", false],
    ["remove-with-data", true],
  ])("asks before it removes a torrent (%s), and gives the focus a place", async (answer, deleteData) => {
    await using world = await open();
    const { page } = world;
    await add(page, FILM);
    await page.getByTestId("remove").click();
    await page.getByRole("alertdialog", { name: "Remove “A film”?" }).waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("alertdialog").waitFor({ state: "detached" });
    expect(await page.evaluate("document.activeElement.dataset.testid")).toBe("remove");
    await page.getByTestId("remove").click();
    expect(world.engine.removals).toEqual([]);
    await page.getByTestId(answer).click();
    await page.getByTestId("empty").waitFor();
    expect(world.engine.removals).toEqual([{ infoHash: FILM, deleteData }]);
  });

  test.each(["127.0.0.1", LAN_NAME])("copies addresses and magnets at http://%s", async (host) => {
    await using world = await open({ host });
    const { page } = world;
    await add(page, FILM);
    await page.getByTestId("file-menu").first().click();
    await page.getByTestId("copy-url").click();
    await page.getByText(/^Copied/).waitFor();
    const copied = await pastedInto(page);
    expect(copied).toBe(`${world.url}/stream/${FILM}/0/direct`);
    expect(await page.evaluate(`fetch(${JSON.stringify(copied)}).then(({ status }) => status)`)).toBe(200);
    await page.getByTestId("torrent-menu").click();
    await page.getByTestId("copy-magnet").click();
    await expect.poll(() => pastedInto(page)).toBe(`magnet:?xt=urn:btih:${FILM}&dn=A%20film`);
    expect(world.violations).toEqual([]);
  });

  test("hands files to other players, behind an access token too", async () => {
    await using world = await open({ token: TOKEN });
    const { page } = world;
    await add(page, FILM);
    expect(await page.evaluate("document.cookie")).toBe("");
    await page.getByTestId("file-menu").first().click();
    const href = (testId: string) => page.getByTestId(testId).getAttribute("href");
    await expect.poll(() => href("open-in-vlc")).toContain("signature=");
    const url = (await href("open-in-vlc"))?.replace("vlc://", "") ?? "";
    expect(url).not.toContain(TOKEN);
    expect(url).toContain(`${world.url}/stream/${FILM}/0`);
    expect((await fetch(url)).status).toBe(200);
    expect(await href("open-in-infuse")).toBe(`infuse://x-callback-url/play?url=${encodeURIComponent(url)}`);
    expect(await page.getByTestId("download").getAttribute("download")).toBe("film.mp4");
    expect((await fetch((await href("download")) ?? "")).status).toBe(200);
    const playlist = await (await fetch((await href("playlist")) ?? "")).text();
    expect(playlist).toContain(`/stream/${FILM}/0`);
    await page.keyboard.press("Escape");
    await page.getByTestId("torrent-menu").click();
    expect(await (await fetch((await href("playlist-of-all")) ?? "")).text()).toContain("#EXTM3U");
    await page.goto(`${world.url}/`); // the cookie opens it now
    await page.getByTestId("torrent").waitFor();
  });

  test("goes on with what was left on any device, and with the next episode", async () => {
    await using world = await open();
    const { page } = world;
    for (const infoHash of [SHOW, HOSTILE]) await add(page, infoHash);
    await page.getByTestId("file").first().waitFor();
    expect(await page.getByTestId("continue-watching").count()).toBe(0);
    await putViewing(world.url, SHOW, 1, { positionSeconds: 600, durationSeconds: 2_400 });
    const row = page.getByTestId("continued");
    await row.getByText("10:00 of 40:00").waitFor();
    expect(await row.getByTestId("resume").getAttribute("href")).toBe(`/watch/${SHOW}/1`);
    expect(await row.getByTestId("resume").textContent()).toContain("Season 1 · Episode 1 · Pilot");
    expect(await row.getByTestId("continued-bar").getAttribute("style")).toBe("width: 25%;");
    expect(await page.getByTestId("watched").allTextContents()).toEqual(["25 % watched"]);
    await putViewing(world.url, SHOW, 1, { positionSeconds: 2_399, durationSeconds: 2_400 });
    await row.getByText("Up next").waitFor();
    expect(await row.getByTestId("resume").getAttribute("href")).toBe(`/watch/${SHOW}/2`);
    expect(await page.getByTestId("watched").allTextContents()).toEqual(["Watched"]);
    await page.reload();
    await row.getByText("Up next").waitFor();
    await row.getByTestId("forget").click();
    await page.getByTestId("continue-watching").waitFor({ state: "detached" });
    expect(await page.getByTestId("watched").count()).toBe(0);
    expect(await (await fetch(`${world.url}/api/viewings`)).json()).toEqual({ viewings: [] });
  });

  test("marks a file as not watched", async () => {
    await using world = await open();
    await add(world.page, FILM);
    await putViewing(world.url, FILM, 0, { positionSeconds: 600, durationSeconds: 2_400 });
    await world.page.getByTestId("watched").waitFor();
    await world.page.getByTestId("file-menu").first().click();
    await world.page.getByTestId("forget-watched").click();
    await expect.poll(() => world.page.getByTestId("watched").count()).toBe(0);
  });

  test("leads to a film and back without loading the page anew, under titles of their own", async () => {
    await using world = await open();
    const { page } = world;
    await add(page, SHOW);
    expect(await page.title()).toBe("Riptide");
    await page.evaluate("window.isSame = true");
    await page.getByRole("link", { name: "Play Some.Show.S01E01.Pilot.mkv" }).click();
    await page.getByTestId("player").waitFor({ state: "attached" });
    expect(await page.evaluate("location.pathname")).toBe(`/watch/${SHOW}/1`);
    await expect.poll(() => page.title()).toBe("Some Show 1×1 – Riptide");
    await page.goBack();
    await page.getByTestId("torrent").waitFor();
    expect(await page.evaluate("window.isSame")).toBe(true);
    expect(await page.title()).toBe("Riptide");
    await page.goForward();
    await page.reload();
    await page.getByTestId("player").waitFor({ state: "attached" });
    expect(world.violations).toEqual([]);
  });

  test("says that the server is gone, and goes on when it is back", async () => {
    await using world = await open();
    await add(world.page, FILM);
    await world.page.getByTestId("file").first().waitFor();
    const banner = world.page.getByText("The connection to Riptide is lost. Trying again…");
    await world.restart(async () => {
      await banner.waitFor();
      await world.engine.add(LATE, { signal: new AbortController().signal });
      await add(world.page, SERIES);
      await world.page.getByText("Riptide does not answer. Is it still running?").waitFor();
    });
    await expect.poll(() => world.page.getByTestId("torrent").count(), { timeout: 15_000 }).toBe(2);
    expect(await banner.count()).toBe(0);
  });

  test("says so when it has an error of its own", async () => {
    const script = `EventSource = class extends EventTarget {
      constructor() {
        super();
        setTimeout(() => this.dispatchEvent(new MessageEvent("snapshot", { data: '{"torrents":[{}],"engine":{}}' })));
      }
      close() {}
    };`;
    await using world = await open({ script });
    await world.page.getByRole("heading", { name: "This page has run into an error of its own." }).waitFor();
    expect(await world.page.getByRole("button", { name: "Load it again" }).isVisible()).toBe(true);
  });
});

const SEEDS = [
  {
    infoHash: SHOW,
    name: "Some.Show.2014.S01.720p.WEB.x264-GRP",
    files: [
      "Some.Show.S01E10.The.Last.mkv",
      "Some.Show.S01E01.Pilot.mkv",
      "Some.Show.S01E02.mkv",
      "Season 2/1 - Again.mkv",
      "Extras/Making of.mkv",
      "readme.nfo",
    ].map((path) => ({ path, bytes: new Uint8Array(2_000) })),
  },
  {
    infoHash: CROWD,
    name: "Many clips",
    files: Array.from({ length: 100_000 }, (_, at) => ({ path: `clip-${at}.mp4`, bytes: new Uint8Array(1) })),
  },
];

async function add(page: Page, source: string): Promise<void> {
  await page.getByTestId("source-input").fill(source);
  await page.getByTestId("add-button").click();
}

async function paste(page: Page, selector: string, text: string): Promise<void> {
  await page.evaluate(`{
    const clipboardData = new DataTransfer();
    clipboardData.setData("text/plain", ${JSON.stringify(text)});
    const event = new ClipboardEvent("paste", { clipboardData, bubbles: true });
    document.querySelector(${JSON.stringify(selector)}).dispatchEvent(event);
  }`);
}

/** What a field gets when somebody pastes into it. */
async function pastedInto(page: Page): Promise<string> {
  const field = page.getByTestId("source-input");
  await field.fill("");
  await field.press("ControlOrMeta+v");
  return field.inputValue();
}
