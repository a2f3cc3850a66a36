import { copyFile } from "node:fs/promises";
import { join } from "node:path";
import type { PeerAddress } from "@riptide/swarm";
import { expect, it } from "vitest";
import { startDelayedLink } from "../support/delayed-link.ts";
import { startAria2 } from "../support/peers/aria2.ts";
import { startLibtorrent } from "../support/peers/libtorrent.ts";
import { startTransmission } from "../support/peers/transmission.ts";
import { startWebtorrent } from "../support/peers/webtorrent.ts";
import { sha256 } from "../support/sha256.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { never, readRange, startTestEngine } from "../support/test-engine.ts";
import { createTestTorrent } from "../support/test-torrent.ts";
import { describeWith } from "../support/tools.ts";

const MIB = 1024 * 1024;
const ROUND_TRIP_MS = 100;
/** Whoever had not heard that we are interested would unchoke us in its next round: every 10 s, as BEP 3 tells it. */
const HEARD_MS = 5_000;

interface Client {
  readonly name: string;
  readonly start: (source: string, saveDirectory: string) => Promise<AsyncDisposable & Pick<PeerAddress, "port">>;
  /** aria2 hears nothing before its own handshake, and is dialled once more. */
  readonly connections: number;
  /** Transmission unchokes nobody but in its rounds. */
  readonly limitMs: number;
}

const CLIENTS: readonly Client[] = [
  {
    name: "libtorrent",
    start: (torrentPath, saveDirectory) =>
      startLibtorrent({ torrentPath, saveDirectory, role: "seed", encryption: "default" }),
    connections: 1,
    limitMs: HEARD_MS,
  },
  {
    name: "webtorrent",
    start: (source, saveDirectory) => startWebtorrent({ source, saveDirectory, encryption: "off" }),
    connections: 1,
    limitMs: HEARD_MS,
  },
  {
    name: "transmission",
    start: (source, saveDirectory) => startTransmission({ source, saveDirectory, encryption: "preferred" }),
    connections: 1,
    limitMs: 15_000,
  },
  {
    name: "aria2",
    start: (source, saveDirectory) => startAria2({ source, saveDirectory }),
    connections: 2,
    limitMs: HEARD_MS,
  },
];

// We know the metadata, and dial: what we have and want goes out before any of theirs has come.
describeWith(
  "aria2",
  "libtorrent",
  "transmission",
  "webtorrent",
)("a seed far away that is told what we want before it has answered", () => {
  it.each(CLIENTS)("unchokes us at once: $name", async ({ start, connections, limitMs }) => {
    await using torrent = await createTestTorrent({ lengthBytes: 2 * MIB + 321, pieceLengthBytes: 128 * 1024 });
    await using folder = await temporaryFolder("first-words");
    await copyFile(torrent.filePath, join(folder.path, torrent.name));
    await using seed = await start(torrent.torrentPath, folder.path);
    const line = { targetPort: seed.port, roundTripMs: ROUND_TRIP_MS, bytesPerSecond: 0 };
    await using link = await startDelayedLink(line);
    await using us = await startTestEngine({ peers: [{ host: "127.0.0.1", port: link.port }] });
    const startedMs = performance.now();
    await us.engine.add(torrent.torrentFile, { signal: never });
    const { provider } = await us.engine.openFile(torrent.infoHash, 0, { signal: never });
    const bytes = await readRange(provider, 0, provider.sizeBytes, AbortSignal.timeout(30_000));
    expect(performance.now() - startedMs).toBeLessThan(limitMs);
    expect(sha256(bytes)).toBe(sha256(torrent.bytes));
    expect(link.connections()).toBe(connections);
  });
});
