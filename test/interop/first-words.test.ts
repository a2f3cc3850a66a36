import { copyFile } from "node:fs/promises";
import { join } from "node:path";
import type { PeerAddress } from "@riptide/swarm";
import { expect, it } from "vitest";
import { startAria2 } from "../support/peers/aria2.ts";
import { startLibtorrent } from "../support/peers/libtorrent.ts";
import { startWebtorrent } from "../support/peers/webtorrent.ts";
import { sha256 } from "../support/sha256.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { never, readRange, startTestEngine } from "../support/test-engine.ts";
import { createTestTorrent } from "../support/test-torrent.ts";
import { describeWith } from "../support/tools.ts";

const MIB = 1024 * 1024;
/** Whoever had not heard that we are interested would unchoke us in its next round: every 10 s, as BEP 3 tells it. */
const HEARD_MS = 5_000;

type Seed = AsyncDisposable & Pick<PeerAddress, "port">;

/** Transmission unchokes nobody but in its rounds: its own tests are told first, too. */
const CLIENTS: Readonly<Record<string, (source: string, saveDirectory: string) => Promise<Seed>>> = {
  aria2: (source, saveDirectory) => startAria2({ source, saveDirectory }),
  libtorrent: (torrentPath, saveDirectory) =>
    startLibtorrent({ torrentPath, saveDirectory, role: "seed", encryption: "default" }),
  webtorrent: (source, saveDirectory) => startWebtorrent({ source, saveDirectory, encryption: "off" }),
};

// We know the metadata, and dial: what we have and want goes out right behind our handshake, before any of theirs has come.
describeWith(
  "aria2",
  "libtorrent",
  "webtorrent",
)("a seed that is told first what we want", () => {
  it.each(Object.entries(CLIENTS))("unchokes us at once: %s", async (_name, start) => {
    await using torrent = await createTestTorrent({ lengthBytes: 2 * MIB + 321, pieceLengthBytes: 128 * 1024 });
    await using folder = await temporaryFolder("first-words");
    await copyFile(torrent.filePath, join(folder.path, torrent.name));
    await using seed = await start(torrent.torrentPath, folder.path);
    await using us = await startTestEngine({ peers: [{ host: "127.0.0.1", port: seed.port }] });
    const startedMs = performance.now();
    await us.engine.add(torrent.torrentFile, { signal: never });
    const { provider } = await us.engine.openFile(torrent.infoHash, 0, { signal: never });
    const bytes = await readRange(provider, 0, provider.sizeBytes, AbortSignal.timeout(30_000));
    expect(performance.now() - startedMs).toBeLessThan(HEARD_MS);
    expect(sha256(bytes)).toBe(sha256(torrent.bytes));
  });
});
