import { readdir, readFile, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { MediaInfo, Playback } from "@riptide/http";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { films } from "../films/films.ts";
import { type FilmName, recipes } from "../films/recipes.ts";
import { launchBrowser, SMALL_WINDOW } from "../support/browser.ts";
import { SERVED_INFO_HASH, serveFiles } from "../support/serve-files.ts";
import { describeWith } from "../support/tools.ts";

const CORPUS = fileURLToPath(new URL("../../../shared/corpus/media/", import.meta.url));
const TABLE = fileURLToPath(new URL("../../docs/OUTCOMES.md", import.meta.url));
const FILMS = (Object.keys(recipes) as FilmName[]).filter((name) => !name.startsWith("long"));

/** What became of one file. */
interface Outcome {
  readonly name: string;
  readonly content: string;
  readonly mode: string;
  readonly reasons: string;
  /** `plays`, or the sentence that the page shows. */
  readonly result: string;
}

describeWith("ffmpeg", "chromium")("every file that we have", () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchBrowser();
    for (const name of FILMS) await films.ensure(name);
  }, 900_000);
  afterAll(() => browser.close());

  test("plays in the page, or says in a sentence why not, as docs/OUTCOMES.md tells", {
    timeout: 600_000,
  }, async () => {
    const files = await Promise.all(
      (await paths()).map(async (path) => ({ path: basename(path), bytes: await readFile(path) })),
    );
    await using server = await serveFiles(files);
    const page = await browser.newPage(SMALL_WINDOW);
    const outcomes: Outcome[] = [];
    for (const [index, { path }] of files.entries()) outcomes.push(await outcomeOf(page, server.url, index, path));
    const table = tableOf(outcomes);
    if (process.env["UPDATE_DOCS"] === "true") await writeFile(TABLE, table);
    expect(table).toBe(await readFile(TABLE, "utf8"));
  });
});

async function paths(): Promise<string[]> {
  const corpus = await readdir(CORPUS, { recursive: true, withFileTypes: true });
  const media = corpus.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return [...(await Promise.all(FILMS.map((name) => films.ensure(name)))), ...media.sort()];
}

async function outcomeOf(page: Page, url: string, index: number, path: string): Promise<Outcome> {
  const api = `${url}/api/torrents/${SERVED_INFO_HASH}/files/${index}`;
  const answers: Promise<Playback>[] = [];
  const hear = (response: { url(): string; ok(): boolean; json(): Promise<unknown> }): void => {
    if (response.url() === `${api}/playback` && response.ok()) answers.push(response.json() as Promise<Playback>);
  };
  page.on("response", hear);
  await page.goto(`${url}/watch/${SERVED_INFO_HASH}/${index}`);
  const result = await page.evaluate<string>(UNTIL_IT_PLAYS_OR_FAILS);
  page.off("response", hear);
  const playback = await answers[0];
  const info = await fetch(api);
  return {
    // A made film has its version in its name.
    name: path.replace(/-[0-9a-f]{12}(?=\.)/, ""),
    content: info.ok ? contentOf((await info.json()) as MediaInfo) : "–",
    mode: playback?.mode ?? "–",
    reasons: playback?.reasons.map(({ code }) => `\`${code}\``).join(", ") ?? "–",
    result,
  };
}

/** Runs in the page. A picture is shown and time goes on; a sound has no picture, and a single picture no time. */
const UNTIL_IT_PLAYS_OR_FAILS = `(async () => {
  for (const endMs = performance.now() + 30_000; performance.now() < endMs; ) {
    const failure = document.querySelector("[data-state=failed] [data-testid=trace]");
    if (failure !== null) return failure.textContent;
    const video = document.querySelector("video");
    if (video !== null) video.muted = true;
    const isShown = video !== null && video.readyState >= 2;
    if (isShown && (video.currentTime > 0.3 || video.ended || video.duration < 0.3)) return "plays";
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return "neither plays nor fails";
})()`;

function contentOf({ container, tracks }: MediaInfo): string {
  return [container, ...tracks.map(({ codec }) => codec)].join(", ");
}

function tableOf(outcomes: readonly Outcome[]): string {
  const rows = outcomes.map(({ name, content, mode, reasons, result }) =>
    [name, content, mode, reasons, result].join(" | "),
  );
  return `# Outcomes

What Chromium gets of every test film and every file of the corpus, as the page plays them. Written by \`test/e2e/outcomes.test.ts\` with
\`UPDATE_DOCS=true\`, which otherwise checks it: Debian's Chromium without a GPU, which plays no HEVC and no Dolby.

| file | container and tracks | mode | reasons | outcome |
| --- | --- | --- | --- | --- |
${rows.map((row) => `| ${row} |`).join("\n")}
`;
}
