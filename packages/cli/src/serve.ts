import { fileURLToPath } from "node:url";
import { ChunkPool, type Clock, RiptideError, type TorrentSource } from "@riptide/core";
import {
  createApp,
  type FailureLog,
  hostPolicy,
  ListenError,
  type Listener,
  type ListenOptions,
  listen,
  Metrics,
} from "@riptide/http";
import { createStreamFactory } from "@riptide/stream";
import { openTorrentEngine, openViewingFile, type RiptideTorrentEngine } from "@riptide/swarm";
import { discoverFfmpeg } from "@riptide/transcode";
import { isWeakToken, type ServeOptions } from "./arguments.ts";
import { ClosingStack } from "./closing-stack.ts";
import { startDemoSwarm } from "./demo-swarm.ts";
import { failureText } from "./failure-text.ts";
import type { Log } from "./log.ts";
import { type OutputStream, writeLine } from "./output.ts";
import { findPeers } from "./peer-names.ts";
import { printable, printableJson } from "./printable.ts";
import { readSources } from "./sources.ts";
import { makeTemporaryFolder } from "./temporary-folder.ts";
import { UsageError } from "./usage-error.ts";
import { startView } from "./view.ts";

const WEB_ROOT = fileURLToPath(new URL("../../web/dist", import.meta.url));
/** Bodies that are nearly through may end by themselves; a film is cut off, and its player resumes by range. */
const DRAIN_MS = 2_000;

export interface ServeContext {
  readonly clock: Clock;
  readonly version: string;
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  readonly log: Log;
  /** Aborted when the server is to end. */
  readonly stop: AbortSignal;
}

/**
 * Runs the server until it is told to stop. Rejects if it cannot start: with a `UsageError` or `RiptideError` whose message
 * says what to do, or with the reason of `stop`. Everything it opened is closed either way, the last first.
 */
export async function serve(options: ServeOptions, context: ServeContext): Promise<void> {
  const { clock, stop, stdout, stderr, version } = context;
  const log: FailureLog = (what, error, ids) => context.log.failure(printable(what), error, ids);
  await using closing = new ClosingStack();
  const sources = await readSources(options.sources);
  const ffmpeg = await discoverFfmpeg({ ...(options.ffmpegPath && { path: options.ffmpegPath }), signal: stop });
  const chunks = new ChunkPool();
  const peers = await findPeers(options.peers, { signal: stop, note: (line) => context.log.warn(printable(line)) });
  const dataDirectory = options.dataDirectory ?? (await temporaryDataFolder(closing));
  const engine = await openEngine({ ...options, peers }, { dataDirectory, clock, log, closing, chunks });
  const viewings = await openViewingFile(dataDirectory, { wallClockMs: () => Date.now(), log });
  closing.defer(() => viewings.close());
  // Opened last, but needed until the last body has ended.
  const demo = new ClosingStack();
  closing.defer(() => demo[Symbol.asyncDispose]());
  const draining = new AbortController();
  const { neverTranscodeVideo } = options;
  const streams = createStreamFactory({ ffmpeg, clock, neverTranscodeVideo, notes: engine.notes });
  closing.defer(() => streams[Symbol.asyncDispose]());
  const metrics = new Metrics({ engine, streams, clock, version });
  closing.defer(() => metrics[Symbol.dispose]());
  const app = createApp({
    metrics,
    observers: [metrics, { ended: context.log.request }],
    engine,
    streams,
    viewings,
    clock,
    allowedHosts: hostPolicy({ boundTo: options.host, names: options.allowedHosts }),
    version,
    token: options.token,
    webRoot: WEB_ROOT,
    draining: draining.signal,
    log,
    chunks,
  });
  stop.throwIfAborted();
  const rejected = (reason: string): void => metrics.rejected(reason);
  const server = await startListening(app, { host: options.host, port: options.port, log, rejected, chunks });
  closing.defer(async () => {
    draining.abort();
    await server.close({ graceMs: DRAIN_MS });
  });
  announce(server.url, options, context);
  context.log.info("Riptide is listening", { url: server.url, version });
  if (ffmpeg === undefined) {
    context.log.warn(
      "ffmpeg is missing: what must be converted does not play. Install it (Debian: apt install ffmpeg).",
    );
  }
  if (isWeakToken(options.token)) {
    context.log.warn("The token is short enough to be guessed: openssl rand -hex 16 makes a good one.");
  }
  const view = startView({ engine, clock, stdout, stderr }, options);
  closing.defer(() => view[Symbol.dispose]());
  context.log.writeTo((line) => view.note(line));
  if (options.mode === "demo") {
    const swarm = await startDemoSwarm({ clock, log, signal: stop });
    demo.defer(() => swarm[Symbol.asyncDispose]());
    sources.push(...swarm.magnets);
  }
  await Promise.all(sources.map((source) => addSource(engine, source, { stop, log: context.log })));
  await aborted(stop);
  context.log.info("Riptide is stopping");
}

interface EngineContext {
  readonly dataDirectory: string;
  readonly clock: Clock;
  readonly log: (what: string, error: unknown) => void;
  readonly closing: ClosingStack;
  readonly chunks: ChunkPool;
}

async function openEngine(
  options: ServeOptions,
  { dataDirectory, closing, ...shared }: EngineContext,
): Promise<RiptideTorrentEngine> {
  const { peerHost, peerPort, useLsd: lsd, useUtp: utp, peers, proxy, bindInterface, maxDiskBytes } = options;
  const { uploadBytesPerSecond, downloadBytesPerSecond } = options;
  const dht = options.useDht ? { bootstrap: [] } : undefined;
  const portMapping = options.usePortMapping ? {} : undefined;
  const limits = { uploadBytesPerSecond, downloadBytesPerSecond, sparePolicy: options.fetch };
  const settings = { peerHost, peerPort, dht, lsd, utp, ...limits, network: { proxy, bindInterface }, portMapping };
  const engine = await openTorrentEngine({ dataDirectory, settings, peers, maxDiskBytes, ...shared }).catch(
    (error: unknown) => {
      if (!(error instanceof RiptideError)) throw error;
      // What is wrong with the network has nothing to do with the folder.
      const where = error.code === "engine_unavailable" ? "" : `${dataDirectory}: `;
      throw new UsageError(`${where}${error.message}`, { cause: error });
    },
  );
  closing.defer(() => engine.close());
  return engine;
}

async function temporaryDataFolder(closing: ClosingStack): Promise<string> {
  const folder = await makeTemporaryFolder("riptide-data-");
  closing.defer(() => folder[Symbol.asyncDispose]());
  return folder.path;
}

async function startListening(app: Parameters<typeof listen>[0], options: ListenOptions): Promise<Listener> {
  try {
    return await listen(app, options);
  } catch (error) {
    if (error instanceof ListenError) throw new UsageError(error.message, { cause: error });
    throw error;
  }
}

/** The first line is a promise to scripts. Only a person at a terminal is shown the token: logs are kept and passed on. */
function announce(url: string, { json, token }: ServeOptions, { stdout }: ServeContext): void {
  writeLine(stdout, json ? printableJson({ type: "listening", url }) : `Riptide is listening on ${url}`);
  if (token !== undefined && !json && stdout.isTTY === true) {
    writeLine(stdout, `Open ${url}/?token=${encodeURIComponent(token)}`);
  }
}

/** One source that fails must not keep the others from playing; what is wrong with it is said. */
async function addSource(
  engine: RiptideTorrentEngine,
  source: TorrentSource,
  { stop, log }: Pick<ServeContext, "stop" | "log">,
): Promise<void> {
  try {
    await engine.add(source, { signal: stop, isLocal: true });
  } catch (error) {
    if (!stop.aborted) log.warn(failureText(error));
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
