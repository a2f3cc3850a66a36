import type { TorrentStatus } from "@riptide/core";
import { describe, expect, it } from "vitest";
import { type ScriptedSeed, type ScriptedSeedOptions, startScriptedSeed } from "../support/scripted-seed.ts";
import { never, readRange, startTestEngine } from "../support/test-engine.ts";
import { createTestTorrent, type TestTorrent } from "../support/test-torrent.ts";
import { waitUntil } from "../support/wait.ts";

const KIB = 1024;
const MIB = 1024 * KIB;

/** An engine that knows these seeds and has met them, and the torrent by its file. */
async function playFrom(torrent: TestTorrent, seeds: readonly ScriptedSeed[], stallLimitMs = 20_000) {
  const us = await startTestEngine({ peers: seeds.map(({ peer }) => peer), stallLimitMs });
  await us.engine.peerPort(never);
  await us.engine.add(torrent.torrentFile, { signal: never });
  const { provider } = await us.engine.openFile(torrent.infoHash, 0, { signal: AbortSignal.timeout(10_000) });
  await waitUntil("all seeds are met", () => seeds.every(({ counters }) => counters.connections > 0));
  return { us, provider, [Symbol.asyncDispose]: () => us[Symbol.asyncDispose]() };
}

/** Each on a loopback address of its own: 127.0.0.2, 127.0.0.3, … */
async function startSeeds(torrent: TestTorrent, ...options: Omit<ScriptedSeedOptions, "torrent">[]) {
  return await Promise.all(
    options.map((option, index) => startScriptedSeed({ torrent, host: `127.0.0.${index + 2}`, ...option })),
  );
}

function smallTorrent(lengthBytes = 4 * MIB + 777, seed = 1): Promise<TestTorrent> {
  return createTestTorrent({ lengthBytes, pieceLengthBytes: 128 * KIB, seed });
}

it("a read says why it fails when nobody is there", async () => {
  await using torrent = await smallTorrent();
  await using player = await playFrom(torrent, [], 2_000);
  const reading = player.provider.readAt(0, 10, { signal: never });
  await expect(reading).rejects.toMatchObject({ name: "StreamError", code: "no_peers" });
  expect(player.us.engine.get(torrent.infoHash)).toMatchObject({ activeDemands: 0, verifiedBytes: 0 });
});

describe("what a reader wants", () => {
  it("is cancelled at once when the reader seeks, and little of it is sent after that", async () => {
    await using scope = new Scope();
    const { torrent, seed, provider } = await playSlowly(scope);
    const old = provider.want({ range: { start: 0, end: 8 * MIB }, urgency: "soon" });
    await readRange(provider, 0, 512 * KIB, AbortSignal.timeout(10_000));
    const before = { ...seed.counters };
    expect(before.openRequests).toBeGreaterThan(4);
    old[Symbol.dispose]();
    const at = 20 * MIB;
    const bytes = await readRange(provider, at, at + 64 * KIB, AbortSignal.timeout(10_000));
    expect(Buffer.compare(bytes, torrent.bytes.subarray(at, at + 64 * KIB))).toBe(0);
    expect(seed.counters.cancels - before.cancels).toBeGreaterThanOrEqual(before.openRequests / 2);
    // A piece of 256 KiB was needed; the rest was on its way before the cancel came. 7 MiB more were wanted before.
    expect(seed.counters.bytesSent - before.bytesSent).toBeLessThan(768 * KIB);
    expect(seed.piecesSent.at(-1)).toBe(80);
  });

  it("stops being asked for when it is withdrawn", async () => {
    await using scope = new Scope();
    const { seed, us, torrent, provider } = await playSlowly(scope);
    const demand = provider.want({ range: { start: 0, end: 16 * MIB }, urgency: "soon" });
    const status = (): TorrentStatus => us.engine.get(torrent.infoHash)!;
    await expect.poll(() => status().downloadBytesPerSecond, { timeout: 10_000 }).toBeGreaterThan(100 * KIB);
    expect([seed.counters.openRequests > 0, status().activeDemands]).toEqual([true, 1]);
    demand[Symbol.dispose]();
    await expect.poll(() => seed.counters.openRequests, { timeout: 1_000 }).toBe(0);
    const { requests, bytesSent } = seed.counters;
    // The rate falls and is told every second: two seconds in which nothing is asked for.
    let updates = 0;
    using _updates = us.engine.subscribe(() => {
      updates += 1;
    });
    await waitUntil("the rate has fallen twice", () => updates >= 2);
    expect(seed.counters).toMatchObject({ requests, bytesSent });
    expect(status().activeDemands).toBe(0);
  });

  it("is withdrawn with a read that is aborted", async () => {
    await using scope = new Scope();
    const { seed, provider } = await playSlowly(scope);
    const controller = new AbortController();
    const reading = provider.readAt(10 * MIB, MIB, { signal: controller.signal });
    await expect.poll(() => seed.counters.openRequests, { timeout: 10_000 }).toBeGreaterThan(0);
    const reason = new Error("the client left");
    controller.abort(reason);
    await expect(reading).rejects.toBe(reason);
    await expect.poll(() => seed.counters.openRequests, { timeout: 1_000 }).toBe(0);
  });
});

/** A seed of 2 MiB/s: what it sends is what was asked of it. */
async function playSlowly(scope: Scope) {
  const torrent = await createTestTorrent({ lengthBytes: 32 * MIB, pieceLengthBytes: 256 * KIB, seed: 5 });
  const [seed] = await startSeeds(torrent, { bytesPerSecond: 2 * MIB });
  const player = await playFrom(torrent, [seed!]);
  scope.add(player, seed!, torrent);
  return { torrent, seed: seed!, ...player };
}

/** What a test opened, closed in the order in which it was added. */
class Scope implements AsyncDisposable {
  readonly #values: AsyncDisposable[] = [];

  add(...values: AsyncDisposable[]): void {
    this.#values.push(...values);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const value of this.#values) await value[Symbol.asyncDispose]();
  }
}
