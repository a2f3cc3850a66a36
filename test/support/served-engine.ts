import { createApp, hostPolicy, type ListenOptions, listen } from "@riptide/http";
import { createStreamFactory } from "@riptide/stream";
import type { TorrentEngineOptions } from "@riptide/swarm";
import { realClock, startTestEngine, type TestEngine } from "./test-engine.ts";

export interface ServedEngine extends TestEngine {
  readonly url: string;
  /** What was told to the log, with the codes of its errors. */
  readonly log: string[];
}

/** The engine behind its HTTP server, with the limits that a test wants: what takes half a minute should not take it here. */
export async function serveEngine(
  options: Partial<TorrentEngineOptions> & {
    readonly http?: Partial<ListenOptions> & { clock?: typeof realClock };
  } = {},
): Promise<ServedEngine> {
  const { http: { clock = realClock, ...listening } = {}, ...engineOptions } = options;
  const us = await startTestEngine(engineOptions);
  const streams = createStreamFactory({ ffmpeg: undefined, clock });
  const log: string[] = [];
  const told = (message: string, error: unknown): void =>
    void log.push(`${message}: ${error instanceof Error && "code" in error ? String(error.code) : String(error)}`);
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
