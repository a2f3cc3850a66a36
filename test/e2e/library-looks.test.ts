import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import axe from "axe-core";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  FILM,
  HOSTILE,
  HOSTILE_NAME,
  HOSTILE_PATH,
  LAN_NAME,
  type PageChunk,
  type PageOptions,
  pageWorld,
  putViewing,
  SERIES,
} from "../support/page-world.ts";
import { everyNth } from "../support/soak.ts";
import { describeWith } from "../support/tools.ts";

/** JavaScript and styles, gzipped, that a browser needs to show the library. */
const FIRST_LOAD_BYTES_MAX = 200 * 1024;

/** What only a film needs. */
const OF_FILMS = /\/node_modules\/(hls\.js|jassub|libpgs|media-chrome)\/|\/src\/(watch|playback)\//;

const NAMES = "1".repeat(40);
const EPISODES = "2".repeat(40);
const HOSTILE_NAMES = [
  "\u202Egnp.exe \u05D0\u05D1\u05D2 \u0627\u0644\u0641\u064A\u0644\u0645.mkv",
  `👩‍👩‍👧‍👦${"🍿".repeat(80)}.mp4`,
  `${"W".repeat(300)}.mkv`,
  `javascript:window.scripted=1/${"../".repeat(30)}passwd`,
  `'"><a href="javascript:window.scripted=1">x</a>{{constructor.constructor("window.scripted=1")()}}`,
];

const SIZES = [
  { name: "desktop", viewport: { width: 1280, height: 900 } },
  { name: "phone", viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true, deviceScaleFactor: 2 },
] as const;
const LOOKS = SIZES.flatMap(({ name, ...size }) =>
  (["light", "dark"] as const).map((colorScheme) => [`${name}, ${colorScheme}`, { ...size, colorScheme }] as const),
);

describeWith("chromium", "ffmpeg")("the library, as it looks", () => {
  let pages: Awaited<ReturnType<typeof pageWorld>>;
  beforeAll(async () => {
    pages = await pageWorld();
  });
  afterAll(() => pages[Symbol.asyncDispose]());
  const open = (options?: PageOptions) => pages.open({ reducedMotion: "reduce", ...options }, SEEDS);

  test("loads little before it shows itself", async () => {
    const files = firstLoad(pages.chunks).flatMap(({ fileName, styleSheets }) => [fileName, ...styleSheets]);
    const sizes = await Promise.all(
      [...new Set(files)].map(async (file) => gzipSync(await readFile(join(pages.webRoot, file)), { level: 9 }).length),
    );
    expect(sizes.length).toBeGreaterThanOrEqual(2);
    expect(sizes.reduce((sum, bytes) => sum + bytes)).toBeLessThan(FIRST_LOAD_BYTES_MAX);
  });

  test("is built without what may not be passed on with it", () => {
    const sources = pages.chunks.flatMap((chunk) => chunk.sources);
    expect(sources.filter((path) => path.includes("/node_modules/jassub/"))).not.toEqual([]);
    expect(sources.filter((path) => path.includes("rvfc-polyfill"))).toEqual([]);
  });

  test("loads nothing that only a film needs, and from nowhere else", async () => {
    expect(firstLoad(pages.chunks).flatMap(({ sources }) => sources.filter((path) => OF_FILMS.test(path)))).toEqual([]);
    expect(pages.chunks.flatMap(({ sources }) => sources).filter((path) => OF_FILMS.test(path))).not.toEqual([]);
    await using world = await open({ host: LAN_NAME });
    const { page } = world;
    const requested: string[] = [];
    page.on("request", (request) => requested.push(request.url()));
    await page.reload();
    await add(page, FILM);
    await page.getByTestId("file").first().waitFor();
    expect(requested.length).toBeGreaterThanOrEqual(4);
    expect(requested.filter((url) => new URL(url).origin !== world.url)).toEqual([]);
    expect(world.violations).toEqual([]);
  });

  test("runs under a policy that forbids every script but its own", async () => {
    await using world = await open();
    const { page } = world;
    expect((await page.reload())?.headers()["content-security-policy"]).toBe(
      "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; media-src 'self' blob: data:; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'",
    );
    await page.evaluate(`{
      document.body.insertAdjacentHTML("beforeend", "<img src=x onerror='window.scripted = 1'>");
      const script = document.createElement("script");
      script.textContent = "window.scripted = 1";
      document.body.append(script);
    }`);
    await expect.poll(() => world.violations.length).toBe(2);
    expect(await page.evaluate("window.scripted")).toBeUndefined();
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
    await page.getByTestId("file").getByText(HOSTILE_PATH).waitFor();
    expect(await page.getByTestId("torrent-name").textContent()).toBe(HOSTILE_NAME);
    await putViewing(world.url, HOSTILE, 0, { positionSeconds: 600, durationSeconds: 2_400 });
    await add(page, NAMES);
    await page.getByTestId("continued").waitFor();
    for (const name of HOSTILE_NAMES)
      await page
        .getByTestId("play")
        .and(page.getByLabel(`Play ${name}`))
        .waitFor();
    expect(await overflow(page)).toBe(0);
    await page.getByRole("button", { name: "Dismiss" }).click();
    await page.getByTestId("remove").last().click();
    await page.getByRole("alertdialog").waitFor();
    expect(await overflow(page)).toBe(0);
    await page.keyboard.press("Escape");
    await page.getByTestId("file-menu").last().click();
    await page.getByRole("menu").waitFor();
    expect(await overflow(page)).toBe(0);
    const links = await page.evaluate<string[]>("Array.from(document.links, ({ protocol }) => protocol)");
    expect(new Set(links)).toEqual(new Set(["http:", "vlc:", "infuse:"]));
    expect(await page.evaluate("window.scripted")).toBeUndefined();
    expect(world.violations).toEqual([]);
  });

  test.each(everyNth(LOOKS, 3))("is accessible (%s)", async (_look, options) => {
    await using world = await open(options);
    const { page } = world;
    await page.getByTestId("empty").waitFor();
    expect(await violations(page)).toEqual([]);
    await add(page, "hello");
    await page.getByRole("alert").getByText("neither a magnet").waitFor();
    expect(await violations(page)).toEqual([]);
    for (const infoHash of [FILM, EPISODES, HOSTILE]) await add(page, infoHash);
    await putViewing(world.url, EPISODES, 0, { positionSeconds: 600, durationSeconds: 2_400 });
    await putViewing(world.url, EPISODES, 1, { positionSeconds: 2_399, durationSeconds: 2_400 });
    await page.getByTestId("continued").first().waitFor();
    await page.getByTestId("health").waitFor({ state: "detached" });
    expect(await violations(page)).toEqual([]);
    await page.getByTestId("file-menu").first().click();
    await page.getByRole("menu").waitFor();
    expect(await violations(page)).toEqual([]);
    await page.keyboard.press("Escape");
    await page.getByTestId("remove").first().click();
    await page.getByRole("alertdialog").waitFor();
    expect(await violations(page)).toEqual([]);
    expect(world.violations).toEqual([]);
  });

  test("can be used with the keyboard alone", async () => {
    await using world = await open();
    const { page } = world;
    await page.getByTestId("source-input").focus();
    await page.keyboard.type(SERIES);
    await page.keyboard.press("Enter");
    await page.getByTestId("file").first().waitFor();
    await page.getByTestId("file-menu").first().focus();
    await page.keyboard.press("Enter");
    await page.getByRole("menuitem", { name: "Copy stream URL" }).waitFor();
    await page.keyboard.press("End");
    await expect.poll(() => page.evaluate("document.activeElement.textContent")).toBe("Download the original");
    await page.keyboard.press("Escape");
    await expect.poll(() => page.evaluate("document.activeElement.dataset.testid")).toBe("file-menu");
    await page.getByTestId("play").first().focus();
    await page.keyboard.press("Enter");
    await page.getByTestId("player").waitFor({ state: "attached" });
  });

  test("speaks the language of the browser, and another that is chosen, from then on", async () => {
    await using world = await open({ locale: "de-AT" });
    const { page } = world;
    await page.getByText("Noch ist nichts da.").waitFor();
    expect(await page.evaluate("document.documentElement.lang")).toBe("de");
    await add(page, FILM);
    await page.getByRole("link", { name: "Film/film.mp4 abspielen" }).waitFor();
    expect(await page.getByTestId("torrent-state").textContent()).toMatch(/^0 % von \d+(,\d)? [KM]B · /);
    await page.getByTestId("language").selectOption("English");
    await page.getByRole("link", { name: "Play Film/film.mp4" }).waitFor();
    await page.reload();
    await page.getByRole("link", { name: "Play Film/film.mp4" }).waitFor();
    expect(await page.evaluate("document.documentElement.lang")).toBe("en");
    expect(await page.getByText(/hinzufügen|abspielen|Bibliothek/i).count()).toBe(0);
  });
});

const SEEDS = [
  {
    infoHash: NAMES,
    name: `\u202E${"🎬".repeat(60)}${"y".repeat(200)}`,
    files: HOSTILE_NAMES.map((path) => ({ path, bytes: new Uint8Array(2_000) })),
  },
  {
    infoHash: EPISODES,
    name: "Some.Show.2014.S01.720p.WEB.x264-GRP",
    files: ["Some.Show.S01E01.Pilot.mkv", "Some.Show.S01E02.mkv", "Extras/Making of.mkv", "readme.nfo"].map((path) => ({
      path,
      bytes: new Uint8Array(2_000),
    })),
  },
];

/** The entry of the page and all that is loaded with it. */
function firstLoad(chunks: readonly PageChunk[]): readonly PageChunk[] {
  const wanted = new Set(chunks.filter(({ isEntry }) => isEntry).map(({ fileName }) => fileName));
  for (const fileName of wanted) {
    for (const imported of chunks.find((each) => each.fileName === fileName)?.imports ?? []) wanted.add(imported);
  }
  return chunks.filter(({ fileName }) => wanted.has(fileName));
}

/** How far the page can be scrolled sideways. */
async function overflow(page: Page): Promise<number> {
  return page.evaluate<number>("document.documentElement.scrollWidth - document.documentElement.clientWidth");
}

/**
 * What axe finds against WCAG A and AA: the rule, and where. The guards that Base UI puts around what is open are left out: they are
 * focused only to pass the focus on at once.
 */
async function violations(page: Page): Promise<string[]> {
  await page.evaluate(`${axe.source}; 0`);
  return page.evaluate<string[]>(`axe
    .run({ exclude: ["[data-base-ui-focus-guard]"] }, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"] })
    .then(({ violations }) => violations.flatMap(({ id, nodes }) =>
      nodes.map(({ html, failureSummary }) => id + ": " + html + " " + failureSummary)))`);
}

async function add(page: Page, source: string): Promise<void> {
  await page.getByTestId("source-input").fill(source);
  await page.getByTestId("add-button").click();
}
