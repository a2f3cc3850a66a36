import { createHash } from "node:crypto";
import { lstat, readdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { startQuietRiptide } from "../support/riptide.ts";
import { type ScriptedSeed, startScriptedSeed } from "../support/scripted-seed.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { createTestTorrent } from "../support/test-torrent.ts";
import { waitUntil } from "../support/wait.ts";

const MIB = 1024 * 1024;
const BUDGET_BYTES = 64 * MIB;
/** What comes between the moment a reader asks for more and the moment that room was made for it. */
const SLACK_BYTES = 16 * MIB;
const FILM_BYTES = 120 * MIB + 12_345;

describe("a film larger than --max-disk", () => {
  it("plays from start to end and back, byte by byte, within the budget", async () => {
    await using torrent = await createTestTorrent({ lengthBytes: FILM_BYTES, pieceLengthBytes: MIB });
    await using seed = await startScriptedSeed({ torrent });
    await using folder = await temporaryFolder("max-disk");
    const film = join(folder.path, torrent.infoHash);
    await using riptide = await startQuietRiptide(folder.path, "--max-disk=64M", peerOption(seed));
    await riptide.add(torrent.torrentFile);
    const url = `${riptide.url}/stream/${torrent.infoHash}/0/direct`;
    using usage = watchUsage(film);

    expect(await sha256(await fetch(url))).toBe(createHash("sha256").update(torrent.bytes).digest("hex"));
    const sentOnce = seed.counters.bytesSent;
    expect(sentOnce).toBeLessThan(FILM_BYTES + 4 * MIB);

    // Back to the middle, which made way for the rest: it is fetched again, and nothing else is.
    const middle = { start: 40 * MIB + 7, end: 60 * MIB };
    await expectRange(url, torrent.bytes, middle);
    const refetched = seed.counters.bytesSent - sentOnce;
    expect(refetched).toBeGreaterThanOrEqual(19 * MIB);
    expect(refetched).toBeLessThan(20 * MIB + 4 * MIB);

    // Head and tail were kept all the while, as was what was read last.
    await expectRange(url, torrent.bytes, { start: 0, end: 3 * MIB });
    await expectRange(url, torrent.bytes, { start: FILM_BYTES - 3 * MIB, end: FILM_BYTES });
    await expectRange(url, torrent.bytes, middle);
    expect(seed.counters.bytesSent - sentOnce).toBe(refetched);

    // Two readers far apart, one of them against the other's eviction.
    await Promise.all([
      expectRange(url, torrent.bytes, { start: 5 * MIB, end: 90 * MIB }),
      expectRange(url, torrent.bytes, { start: 70 * MIB + 1, end: FILM_BYTES }),
    ]);
    expect(usage.maxBytes()).toBeGreaterThan(BUDGET_BYTES / 2);
    expect(usage.maxBytes()).toBeLessThan(BUDGET_BYTES + SLACK_BYTES);
    await waitUntil("the rest is given back", async () => (await blocksBytes(film)) <= BUDGET_BYTES + MIB);
  });

  it("is kept right over kill -9, and within the budget after it", async () => {
    await using torrent = await createTestTorrent({ lengthBytes: 100 * MIB, pieceLengthBytes: 256 * 1024, seed: 2 });
    await using seed = await startScriptedSeed({ torrent });
    await using folder = await temporaryFolder("max-disk-killed");
    const film = join(folder.path, torrent.infoHash);
    {
      await using riptide = await startQuietRiptide(folder.path, "--max-disk=64M", peerOption(seed));
      await riptide.add(torrent.torrentFile);
      const reading = fetch(`${riptide.url}/stream/${torrent.infoHash}/0/direct`).then(sha256);
      reading.catch(() => undefined);
      await waitUntil("most of it went by", () => seed.counters.bytesSent > 85 * MIB, 60_000);
      await riptide.process.stop("SIGKILL");
      await expect(reading).rejects.toBeInstanceOf(TypeError);
    }
    await using riptide = await startQuietRiptide(folder.path, "--max-disk=64M", peerOption(seed));
    await waitUntil("what is left over is given back", async () => {
      const { verifiedBytes } = await riptide.torrent(torrent.infoHash);
      return verifiedBytes > 0 && (await blocksBytes(film)) <= Math.min(BUDGET_BYTES, verifiedBytes + 4 * MIB);
    });
    const sentBefore = seed.counters.bytesSent;
    const url = `${riptide.url}/stream/${torrent.infoHash}/0/direct`;
    const { available } = await riptide.api<{ available: { start: number; end: number }[] }>(
      `/api/torrents/${torrent.infoHash}/files/0/map`,
    );
    for (const range of available) await expectRange(url, torrent.bytes, range);
    expect(seed.counters.bytesSent - sentBefore).toBeLessThan(available.length * 2 * MIB);
    expect(await sha256(await fetch(url))).toBe(createHash("sha256").update(torrent.bytes).digest("hex"));
  });
});

function peerOption({ peer }: ScriptedSeed): string {
  return `--peer=${peer.host}:${peer.port}`;
}

async function expectRange(url: string, truth: Uint8Array, { start, end }: { start: number; end: number }) {
  const response = await fetch(url, { headers: { range: `bytes=${start}-${end - 1}` } });
  expect(response.status).toBe(206);
  expect(await sha256(response)).toBe(createHash("sha256").update(truth.subarray(start, end)).digest("hex"));
}

async function sha256(response: Response): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of response.body!) hash.update(chunk);
  return hash.digest("hex");
}

/** Looks ten times a second at what the folder takes of the disk. */
function watchUsage(folder: string): Disposable & { maxBytes(): number } {
  const end = new AbortController();
  let maxBytes = 0;
  void (async () => {
    while (!end.signal.aborted) {
      maxBytes = Math.max(maxBytes, await blocksBytes(folder));
      await delay(100);
    }
  })();
  return { maxBytes: () => maxBytes, [Symbol.dispose]: () => end.abort() };
}

/** As `du`: what the files below the folder take of the disk. */
async function blocksBytes(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  let bytes = 0;
  for (const entry of entries) {
    if (!entry.isFile()) continue;
    const stats = await lstat(join(entry.parentPath, entry.name)).catch(() => undefined);
    bytes += (stats?.blocks ?? 0) * 512;
  }
  return bytes;
}
