import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Clock, RiptideError, type TorrentEngine } from "@riptide/core";
import { createApp, type FailureLog, hostPolicy, listen } from "@riptide/http";
import { createStreamFactory } from "@riptide/stream";
import { openTorrentEngine, parseSource } from "@riptide/swarm";
import { discoverFfmpeg } from "@riptide/transcode";
import type { ServeOptions } from "./arguments.ts";
import { ClosingStack } from "./closing-stack.ts";
import { startDemoSwarm } from "./demo-swarm.ts";
import { startView } from "./terminal-view.ts";
import { UsageError } from "./usage-error.ts";

const WEB_ROOT = fileURLToPath(new URL("../../web/dist", import.meta.url));
const TORRENT_FILE_LIMIT_BYTES = 10 * 1024 * 1024;
/** Bodies that are nearly through may end by themselves; a film is cut off, and its player resumes by range. */
const DRAIN_MS = 2_000;

export interface ServeContext {
  readonly clock: Clock;
  readonly version: string;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  /** Aborted by SIGINT and SIGTERM. */
  readonly stop: AbortSignal;
}

/** Runs the server until it is told to stop. Rejects if it cannot start; everything it opened is closed either way. */
export async function serve(options: ServeOptions, context: ServeContext): Promise<void> {
  const { clock, stop } = context;
  await using closing = new ClosingStack();
  const log: FailureLog = (what, error) => context.stderr.write(`${what}: ${describe(error)}\n`);
  const sources = await readSources(options.sources);
  const ffmpeg = await discoverFfmpeg({ ...(options.ffmpegPath ? { path: options.ffmpegPath } : {}), signal: stop });
  const engine = await openTorrentEngine({
    dataDirectory: options.dataDirectory ?? (await temporaryFolder(closing)),
    settings: {
      peerHost: options.peerHost,
      peerPort: options.peerPort,
      dht: options.useDht ? { bootstrap: [] } : undefined,
      uploadBytesPerSecond: options.uploadBytesPerSecond,
    },
    peers: options.peers,
    clock,
    log,
  });
  closing.defer(() => engine.close());
  const streams = createStreamFactory({ ffmpeg, clock });
  const draining = new AbortController();
  const app = createApp({
    engine,
    streams,
    clock,
    allowedHosts: hostPolicy({ boundTo: options.host, names: options.allowedHosts }),
    version: context.version,
    token: options.token,
    webRoot: WEB_ROOT,
    draining: draining.signal,
    log,
  });
  const server = await listen(app, { host: options.host, port: options.port, log });
  closing.defer(async () => {
    draining.abort();
    await server.close({ graceMs: DRAIN_MS });
  });
  announce(options, context, server.url, ffmpeg !== undefined);
  const view = startView({ engine, clock, stdout: context.stdout, json: options.json });
  closing.defer(() => view[Symbol.dispose]());
  if (options.mode === "demo") sources.push(...(await demoSources(closing, context)));
  await addSources(engine, sources, context);
  await aborted(stop);
}

/** A path becomes the bytes of the file; anything else must be a source the engine understands. */
async function readSources(words: readonly string[]): Promise<(string | Uint8Array)[]> {
  return await Promise.all(
    words.map(async (word) => {
      if (looksLikeText(word)) {
        parseSource(word);
        return word;
      }
      const bytes = await readFile(word).catch((cause: unknown) => {
        throw new UsageError(`There is no torrent file at ${word}, and it is no magnet link, URL or info hash.`, {
          cause,
        });
      });
      if (bytes.length > TORRENT_FILE_LIMIT_BYTES) throw new UsageError(`${word} is too large to be a torrent file.`);
      return bytes;
    }),
  );
}

function looksLikeText(word: string): boolean {
  return /^(magnet:|https?:)/i.test(word) || /^([0-9a-f]{40}|[a-z2-7]{32})$/i.test(word);
}

async function temporaryFolder(closing: ClosingStack): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "riptide-"));
  closing.defer(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

async function demoSources(closing: ClosingStack, context: ServeContext): Promise<readonly string[]> {
  const demo = await startDemoSwarm(context.clock, context.stop);
  closing.defer(() => demo[Symbol.asyncDispose]());
  return demo.magnets;
}

async function addSources(
  engine: TorrentEngine,
  sources: readonly (string | Uint8Array)[],
  { stop, stderr }: ServeContext,
): Promise<void> {
  for (const source of sources) {
    // One bad source must not keep the others from playing; what is wrong with it is said.
    await engine.add(source, { signal: stop }).catch((error: unknown) => {
      if (!stop.aborted) stderr.write(`${describe(error)}\n`);
    });
  }
}

function announce(options: ServeOptions, { stdout, stderr }: ServeContext, url: string, hasFfmpeg: boolean): void {
  stdout.write(options.json ? `${JSON.stringify({ type: "listening", url })}\n` : `Riptide is listening on ${url}\n`);
  if (hasFfmpeg) return;
  stderr.write("ffmpeg is missing: MP4 and WebM play, other films need it. Install it (Debian: apt install ffmpeg).\n");
}

function describe(error: unknown): string {
  if (error instanceof RiptideError) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
