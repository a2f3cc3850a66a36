import { copyFile, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { startAria2 } from "../support/peers/aria2.ts";
import { startTracker } from "../support/peers/tracker.ts";
import { sha256 } from "../support/sha256.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { never, readRange, startTestEngine } from "../support/test-engine.ts";
import { createTestTorrent } from "../support/test-torrent.ts";
import { describeWith } from "../support/tools.ts";
import { waitUntil } from "../support/wait.ts";

const MIB = 1024 * 1024;

describeWith("aria2")("aria2", () => {
  it.each([
    { requireCrypto: false, by: "magnet" },
    { requireCrypto: true, by: "file" },
  ] as const)("gives us every byte (encryption required: $requireCrypto, by $by)", async ({ requireCrypto, by }) => {
    await using torrent = await createTestTorrent({ lengthBytes: 5 * MIB + 99, pieceLengthBytes: 128 * 1024 });
    await using folder = await temporaryFolder("aria2");
    await copyFile(torrent.filePath, join(folder.path, torrent.name));
    const { torrentPath: source, torrentFile, infoHash } = torrent;
    await using seed = await startAria2({ source, saveDirectory: folder.path, requireCrypto });
    await using us = await startTestEngine({ peers: [{ host: "127.0.0.1", port: seed.port }] });
    await us.engine.add(by === "file" ? torrentFile : `magnet:?xt=urn:btih:${infoHash}`, { signal: never });
    const { provider } = await us.engine.openFile(infoHash, 0, { signal: AbortSignal.timeout(20_000) });
    const bytes = await readRange(provider, 0, provider.sizeBytes, AbortSignal.timeout(40_000));
    expect(sha256(bytes)).toBe(sha256(torrent.bytes));
  });

  it.each([
    { requireCrypto: false, by: "file" },
    { requireCrypto: true, by: "magnet" },
  ] as const)(
    "finds us through a tracker and takes every byte from us (encryption required: $requireCrypto, by $by)",
    async ({ requireCrypto, by }) => {
      let port = 0;
      await using tracker = await startTracker(() => [port]);
      const { url } = tracker;
      await using torrent = await createTestTorrent({
        lengthBytes: 5 * MIB + 1,
        pieceLengthBytes: 128 * 1024,
        trackers: [url],
      });
      await using us = await startTestEngine();
      us.engine.share(torrent.torrentFile, [torrent.filePath]);
      port = await us.engine.peerPort(never);
      await using folder = await temporaryFolder("aria2");
      const magnet = `magnet:?xt=urn:btih:${torrent.infoHash}&tr=${encodeURIComponent(url)}`;
      const source = by === "file" ? torrent.torrentPath : magnet;
      await using _leech = await startAria2({ source, saveDirectory: folder.path, requireCrypto });
      const isComplete = (): boolean => tracker.announces.some((announce) => announce.get("event") === "completed");
      await waitUntil("aria2 has it all", isComplete, 40_000);
      expect(sha256(await readFile(join(folder.path, torrent.name)))).toBe(sha256(torrent.bytes));
      const ours = tracker.announces.filter((query) => query.get("port") === String(port));
      expect(ours.map((query) => query.get("event"))).toContain("started");
    },
  );
});
