import { expect, it } from "vitest";
import { type ScriptedSeed, startScriptedSeed } from "../support/scripted-seed.ts";
import { never, readRange, startTestEngine } from "../support/test-engine.ts";
import { createTestTorrent } from "../support/test-torrent.ts";

const KIB = 1024;
const MIB = 1024 * KIB;
const LIMIT = MIB;
const SETTINGS = { peerHost: "127.0.0.1", peerPort: 0, dht: undefined, lsd: false };

/** Bytes per second between two readings of a counter, the first when it has reached `fromBytes`. */
async function rateOf(bytes: () => number, fromBytes: number, untilBytes: number): Promise<number> {
  const at = async (limit: number): Promise<{ ms: number; bytes: number }> => {
    while (bytes() < limit) await new Promise((resolve) => setTimeout(resolve, 10));
    return { ms: performance.now(), bytes: bytes() };
  };
  const start = await at(fromBytes);
  const end = await at(untilBytes);
  return ((end.bytes - start.bytes) * 1000) / (end.ms - start.ms);
}

it("a download keeps to its limit, over all peers together, and starts at once", async () => {
  await using torrent = await createTestTorrent({ lengthBytes: 12 * MIB, pieceLengthBytes: 64 * KIB });
  const seeds: ScriptedSeed[] = await Promise.all(
    ["127.0.0.2", "127.0.0.3", "127.0.0.4"].map((host) => startScriptedSeed({ torrent, host })),
  );
  const settings = { ...SETTINGS, uploadBytesPerSecond: undefined, downloadBytesPerSecond: LIMIT };
  await using us = await startTestEngine({ settings, peers: seeds.map(({ peer }) => peer) });
  await us.engine.add(torrent.torrentFile, { signal: never });
  const { provider } = await us.engine.openFile(torrent.infoHash, 0, { signal: AbortSignal.timeout(10_000) });
  const sent = (): number => seeds.reduce((sum, { counters }) => sum + counters.bytesSent, 0);
  const reading = readRange(provider, 0, provider.sizeBytes, AbortSignal.timeout(60_000));
  const rate = await rateOf(sent, MIB, 8 * MIB);
  expect(rate).toBeGreaterThan(LIMIT * 0.9);
  expect(rate).toBeLessThan(LIMIT * 1.1);
  expect(Buffer.compare(await reading, torrent.bytes)).toBe(0);
  for (const seed of seeds) await seed[Symbol.asyncDispose]();
});

it("an upload keeps to its limit, over all peers together", async () => {
  await using torrent = await createTestTorrent({ lengthBytes: 6 * MIB, pieceLengthBytes: 64 * KIB });
  await using seed = await startTestEngine({ settings: { ...SETTINGS, uploadBytesPerSecond: LIMIT } });
  seed.engine.share(torrent.torrentFile, [torrent.filePath]);
  const peer = { host: "127.0.0.1", port: await seed.engine.peerPort(never) };
  const download = async (progress: (bytes: number) => void): Promise<void> => {
    const settings = { ...SETTINGS, uploadBytesPerSecond: 4 * KIB };
    await using us = await startTestEngine({ settings, peers: [peer] });
    await us.engine.add(torrent.torrentFile, { signal: never });
    const { provider } = await us.engine.openFile(torrent.infoHash, 0, { signal: AbortSignal.timeout(10_000) });
    for (let at = 0; at < 5 * MIB; at += 64 * KIB) {
      await readRange(provider, at, at + 64 * KIB, AbortSignal.timeout(60_000));
      progress(at + 64 * KIB);
    }
  };
  const done = [0, 0];
  const downloads = Promise.all(done.map((_, index) => download((bytes) => (done[index] = bytes))));
  const rate = await rateOf(() => done[0]! + done[1]!, 2 * MIB, 9 * MIB);
  expect(rate).toBeLessThan(LIMIT * 1.1);
  expect(rate).toBeGreaterThan(LIMIT * 0.9);
  await downloads;
});
