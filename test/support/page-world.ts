import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { clockFrom } from "@riptide/core";
import { createApp, hostPolicy, listen } from "@riptide/http";
import { createSimulatedTorrentEngine, type SimulatedTorrentSeed } from "@riptide/sim";
import { createStreamFactory } from "@riptide/stream";
import { discoverFfmpeg } from "@riptide/transcode";
import type { Browser } from "playwright-core";
import { build } from "vite";
import { films } from "../films/films.ts";
import { launchBrowser } from "./browser.ts";
import { temporaryFolder } from "./temporary-folder.ts";
import { waitUntil } from "./wait.ts";

export const FILM = "a".repeat(40);
export const LATE = "b".repeat(40);
export const HOSTILE = "c".repeat(40);
/** The film, which takes seconds to come. */
export const SLOW = "0".repeat(40);
export const SERIES = "d".repeat(40);
export const HOSTILE_NAME = `"><img src=x onerror="window.scripted=1"> ${"x".repeat(300)}`;
export const HOSTILE_PATH = "<script>window.scripted=1</script>/<svg onload=window.scripted=1>.mkv";

/** A name of this machine that browsers do not trust as they do `localhost`: pages there have no clipboard, for example. */
export const LAN_NAME = "lan.example";

/** A file that the built page consists of. */
export interface PageChunk {
  readonly fileName: string;
  readonly isEntry: boolean;
  /** Of the chunks that are loaded with it. */
  readonly imports: readonly string[];
  readonly styleSheets: readonly string[];
  /** Paths of the sources in it. */
  readonly sources: readonly string[];
}

export type PageOptions = {
  readonly token?: string;
  readonly script?: string;
  /** Whether the server has what converts. Default: no. */
  readonly hasFfmpeg?: boolean;
  /** Where the page is opened, without a token. */
  readonly path?: string;
  readonly host?: string;
} & Parameters<Browser["newContext"]>[0];

/** The built page, a browser, and for each test a server of its own over simulated torrents. */
export async function pageWorld() {
  const webRoot = await temporaryFolder("page");
  const root = fileURLToPath(new URL("../../packages/web", import.meta.url));
  const built = await buildPage(root, webRoot.path);
  const film = await readFile(await films.ensure("mp4-moov-first"));
  const names = ["mkv-h264-aac-srt", "mkv-h264-bframes-ac3-ass"] as const;
  const episodes = await Promise.all(names.map(async (name) => readFile(await films.ensure(name))));
  const browser = await launchBrowser(`--host-resolver-rules=MAP ${LAN_NAME} 127.0.0.1`);
  return {
    webRoot: webRoot.path,
    chunks: chunksOf(built),
    /** A server with the torrents of this module and of the test, and the page in a context of its own. */
    async open(options: PageOptions = {}, more: readonly SimulatedTorrentSeed[] = []) {
      const { token, script, hasFfmpeg = false, path = "/", host = "127.0.0.1", ...contextOptions } = options;
      const clock = clockFrom({
        nowMs: () => performance.now(),
        setTimeout,
        clearTimeout: (handle) => clearTimeout(Number(handle)),
      });
      const engine = createSimulatedTorrentEngine({ clock, torrents: [...seeds(film, episodes), ...more] });
      const ffmpeg = hasFfmpeg ? await discoverFfmpeg({ signal: new AbortController().signal }) : undefined;
      const streams = createStreamFactory({ ffmpeg, clock });
      const allowedHosts = hostPolicy({ boundTo: "127.0.0.1", names: [LAN_NAME] });
      const app = createApp({ engine, streams, clock, allowedHosts, version: "test", token, webRoot: webRoot.path });
      let server = await listen(app, { host: "127.0.0.1", port: 0 });
      const context = await browser.newContext(contextOptions);
      // Chromium's headless shell has no user whose gesture would do.
      await context.grantPermissions(["clipboard-read", "clipboard-write"]);
      const page = await context.newPage();
      if (script !== undefined) await page.addInitScript(script);
      const violations: string[] = [];
      page.on("console", (message) => {
        if (message.text().includes("Content Security Policy")) violations.push(message.text());
      });
      page.on("pageerror", (error) => violations.push(error.message));
      const url = `http://${host}:${server.port}`;
      await page.goto(`${url}${path}${token === undefined ? "" : `?token=${token}`}`);
      return {
        page,
        engine,
        /** What the page was not allowed to do, and errors that nobody caught. */
        violations,
        url,
        async restart(meanwhile: () => Promise<void>) {
          await server.close({ graceMs: 0 });
          await meanwhile();
          server = await listen(app, { host: "127.0.0.1", port: server.port });
        },
        async [Symbol.asyncDispose]() {
          await context.close();
          await server.close({ graceMs: 0 });
          await streams[Symbol.asyncDispose]();
          await engine.close();
        },
      };
    },
    async [Symbol.asyncDispose]() {
      await browser.close();
      await webRoot[Symbol.asyncDispose]();
    },
  };
}

/** As it is shipped: in a process of tests, Vite would take React's larger build for developers. */
async function buildPage(root: string, outDir: string): Promise<Built> {
  const { NODE_ENV } = process.env;
  process.env["NODE_ENV"] = "production";
  try {
    return await build({ root, build: { outDir, emptyOutDir: true }, logLevel: "error" });
  } finally {
    process.env["NODE_ENV"] = NODE_ENV;
  }
}

type Built = Awaited<ReturnType<typeof build>>;

function chunksOf(built: Built): PageChunk[] {
  if (!("output" in built)) throw new Error("The page is built once, in one piece.");
  return built.output
    .filter((each) => each.type === "chunk")
    .map(({ fileName, isEntry, imports, moduleIds, viteMetadata }) => ({
      fileName,
      isEntry,
      imports,
      styleSheets: [...(viteMetadata?.importedCss ?? [])],
      sources: moduleIds,
    }));
}

/** As a player on another device does, as soon as the torrent is there: a page may just have been told to add it. */
export async function putViewing(url: string, infoHash: string, index: number, viewing: object): Promise<void> {
  const put = (): Promise<Response> =>
    fetch(`${url}/api/torrents/${infoHash}/files/${index}/viewing`, {
      method: "PUT",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(viewing),
    });
  await waitUntil("the viewing is kept", async () => (await put()).status === 200);
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
    {
      infoHash: SLOW,
      name: "A slow film",
      files: [{ path: "slow.mp4", bytes: film }],
      pieceLengthBytes: 16 * 1024,
      arrivals: { kind: "swarm", bytesPerSecond: film.length / 20, latencyMs: 20 },
    },
    { infoHash: LATE, name: "Came", files: [{ path: "late.mp4", bytes: film }], metadataDelayMs: 1_500 },
    { infoHash: SERIES, name: "A series", files: episodes.map((bytes, index) => ({ path: `${index}.mkv`, bytes })) },
    { infoHash: HOSTILE, name: HOSTILE_NAME, files: [{ path: HOSTILE_PATH, bytes: film }] },
  ];
}
