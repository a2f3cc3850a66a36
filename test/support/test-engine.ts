import type { PieceProvider } from "@riptide/core";
import { clockFrom } from "@riptide/core";
import {
  openTorrentEngine,
  type RiptideTorrentEngine,
  type SessionSettings,
  type TorrentEngineOptions,
} from "@riptide/swarm";
import { testSessionThread } from "./program.ts";
import { temporaryFolder } from "./temporary-folder.ts";

export const realClock = clockFrom({ nowMs: () => performance.now(), setTimeout, clearTimeout });

/** A signal that nobody aborts. */
export const never = new AbortController().signal;

/** How the command line adds a torrent: what the torrent names may be on this machine. */
export const NAMED_HERE = { signal: never, isLocal: true };

export interface TestEngine extends AsyncDisposable {
  readonly engine: RiptideTorrentEngine;
  readonly dataDirectory: string;
}

/** On loopback, with nobody to find but who is named. */
export const QUIET_SETTINGS: SessionSettings = {
  peerHost: "127.0.0.1",
  peerPort: 0,
  dht: undefined,
  lsd: false,
  uploadBytesPerSecond: undefined,
};

/** A real engine on loopback, without DHT, in a folder of its own. */
export async function startTestEngine(options: Partial<TorrentEngineOptions> = {}): Promise<TestEngine> {
  const folder = options.dataDirectory === undefined ? await temporaryFolder("engine") : undefined;
  const dataDirectory = options.dataDirectory ?? folder!.path;
  const engine = await openTorrentEngine({
    settings: QUIET_SETTINGS,
    peers: [],
    clock: realClock,
    startThread: testSessionThread(),
    ...options,
    dataDirectory,
  });
  return {
    engine,
    dataDirectory,
    [Symbol.asyncDispose]: async () => {
      await engine.close();
      await folder?.[Symbol.asyncDispose]();
    },
  };
}

/** Reads `[start, end)` in order, as a player would: a window ahead is wanted while it reads. */
export async function readRange(
  provider: PieceProvider,
  start = 0,
  end = provider.sizeBytes,
  signal: AbortSignal = never,
): Promise<Uint8Array> {
  const result = new Uint8Array(end - start);
  using _demand = provider.want({ range: { start, end }, urgency: "soon" });
  for (let at = start; at < end; ) {
    const bytes = await provider.readAt(at, Math.min(1024 * 1024, end - at), { signal });
    if (bytes.length === 0) throw new Error(`No bytes at ${at} of ${provider.sizeBytes}`);
    result.set(bytes, at - start);
    at += bytes.length;
  }
  return result;
}
