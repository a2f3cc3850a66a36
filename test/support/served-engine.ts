import { RiptideError } from "@riptide/core";
import { createApp, hostPolicy, type ListenOptions, listen } from "@riptide/http";
import { createStreamFactory } from "@riptide/stream";
import type { TorrentEngineOptions } from "@riptide/swarm";
import type { FfmpegInstallation } from "@riptide/transcode";
import { never, realClock, startTestEngine, type TestEngine } from "./test-engine.ts";

export interface ServedEngine extends TestEngine {
  readonly url: string;
  /** What was told to the log, with the codes of its errors. */
  readonly log: string[];
}

interface ServedOptions extends Partial<ListenOptions> {
  readonly clock?: typeof realClock;
  readonly ffmpeg?: FfmpegInstallation | undefined;
}

/** The engine behind its HTTP server, with the limits that a test wants: what takes half a minute should not take it here. */
export async function serveEngine(
  options: Partial<TorrentEngineOptions> & {
    readonly http?: ServedOptions;
  } = {},
): Promise<ServedEngine> {
  const { http: { clock = realClock, ffmpeg, ...listening } = {}, ...engineOptions } = options;
  const us = await startTestEngine(engineOptions);
  // Its thread compiles its source first: that is nobody's stall.
  await us.engine.peerPort(never);
  const streams = createStreamFactory({ ffmpeg, clock });
  const log: string[] = [];
  const told = (message: string, error: unknown): void =>
    void log.push(`${message}: ${error instanceof RiptideError ? error.code : String(error)}`);
  const app = createApp({
    engine: us.engine,
    streams,
    clock,
    allowedHosts: hostPolicy({ boundTo: "127.0.0.1" }),
    version: "0",
    log: told,
  });
  const listener = await listen(app, { host: "127.0.0.1", port: 0, log: told, ...listening });
  return {
    ...us,
    url: listener.url,
    log,
    [Symbol.asyncDispose]: async () => {
      await listener.close({ graceMs: 0 });
      await streams[Symbol.asyncDispose]();
      await us[Symbol.asyncDispose]();
    },
  };
}
