import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Clock } from "@riptide/core";
import { createTorrentFile, formatMagnet, openTorrentEngine } from "@riptide/swarm";

const FILMS = fileURLToPath(new URL("../demo/films", import.meta.url));
/** Small pieces: the films are small, and the first picture should not wait for a quarter of one. */
const PIECE_LENGTH_BYTES = 64 * 1024;
/** Slow enough that one can watch a film start long before it is there. */
const UPLOAD_BYTES_PER_SECOND = 512 * 1024;

export interface DemoSwarm extends AsyncDisposable {
  /** One magnet for each film; it names the built-in seed as its peer. */
  readonly magnets: readonly string[];
}

/** Starts a seed on loopback that shares the bundled films: a real peer, only a near one. */
export async function startDemoSwarm(clock: Clock, signal: AbortSignal): Promise<DemoSwarm> {
  const directory = await mkdtemp(join(tmpdir(), "riptide-demo-seed-"));
  const seed = await openTorrentEngine({
    dataDirectory: directory,
    settings: { peerHost: "127.0.0.1", peerPort: 0, dht: undefined, uploadBytesPerSecond: UPLOAD_BYTES_PER_SECOND },
    peers: [],
    clock,
  });
  const stop = async (): Promise<void> => {
    await seed.close();
    await rm(directory, { recursive: true, force: true });
  };
  try {
    const port = await seed.peerPort(signal);
    const films = (await readdir(FILMS)).sort().map((name) => join(FILMS, name));
    const magnets: string[] = [];
    for (const path of films) {
      const name = basename(path);
      const torrentFile = await createTorrentFile({
        name,
        files: [{ path: [name], absolutePath: path }],
        pieceLengthBytes: PIECE_LENGTH_BYTES,
        signal,
      });
      const { infoHash } = seed.share(torrentFile, [path]);
      magnets.push(formatMagnet({ infoHash, displayName: name, trackers: [], peers: [{ host: "127.0.0.1", port }] }));
    }
    return { magnets, [Symbol.asyncDispose]: stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
