import { readdir } from "node:fs/promises";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Clock } from "@riptide/core";
import { createTorrentFile, formatMagnet, openTorrentEngine, type RiptideTorrentEngine } from "@riptide/swarm";
import { ClosingStack } from "./closing-stack.ts";
import { makeTemporaryFolder } from "./temporary-folder.ts";

const FILMS = fileURLToPath(new URL("../demo/films", import.meta.url));
/** Small pieces: the films are small, and the first picture should not wait for a quarter of one. */
const PIECE_LENGTH_BYTES = 64 * 1024;
/** Slow enough that one can watch a film start long before it is there. */
const UPLOAD_BYTES_PER_SECOND = 512 * 1024;

export interface DemoSwarm extends AsyncDisposable {
  /** One magnet for each film; it names the built-in seed as its peer. */
  readonly magnets: readonly string[];
}

export interface DemoSwarmOptions {
  readonly clock: Clock;
  readonly log: (message: string, error: unknown) => void;
  readonly signal: AbortSignal;
}

/** Starts a seed on loopback that shares the bundled films: a real peer, only a near one. */
export async function startDemoSwarm({ clock, log, signal }: DemoSwarmOptions): Promise<DemoSwarm> {
  const closing = new ClosingStack();
  try {
    const folder = await makeTemporaryFolder("riptide-demo-seed-");
    closing.defer(() => folder[Symbol.asyncDispose]());
    const seed = await openTorrentEngine({
      dataDirectory: folder.path,
      settings: {
        peerHost: "127.0.0.1",
        peerPort: 0,
        dht: undefined,
        lsd: false,
        uploadBytesPerSecond: UPLOAD_BYTES_PER_SECOND,
      },
      peers: [],
      clock,
      log,
    });
    closing.defer(() => seed.close());
    const port = await seed.peerPort(signal);
    const magnets: string[] = [];
    for (const name of (await readdir(FILMS)).sort()) {
      magnets.push(await shareFilm(seed, join(FILMS, name), { port, signal }));
    }
    return { magnets, [Symbol.asyncDispose]: () => closing[Symbol.asyncDispose]() };
  } catch (error) {
    await closing[Symbol.asyncDispose]();
    throw error;
  }
}

/** Resolves with the magnet that leads to the film. */
async function shareFilm(
  seed: RiptideTorrentEngine,
  absolutePath: string,
  { port, signal }: { readonly port: number; readonly signal: AbortSignal },
): Promise<string> {
  const name = basename(absolutePath);
  const files = [{ path: [name], absolutePath }];
  const torrentFile = await createTorrentFile({ name, files, pieceLengthBytes: PIECE_LENGTH_BYTES, signal });
  const { infoHash } = seed.share(torrentFile, [absolutePath]);
  return formatMagnet({ infoHash, displayName: name, trackers: [], peers: [{ host: "127.0.0.1", port }] });
}
