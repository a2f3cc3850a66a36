import { copyFile, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { startAria2 } from "../support/peers/aria2.ts";
import { startTracker } from "../support/peers/tracker.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { never, readRange, startTestEngine } from "../support/test-engine.ts";
import { createTestTorrent } from "../support/test-torrent.ts";
import { describeWith } from "../support/tools.ts";
import { waitUntil } from "../support/wait.ts";

const MIB = 1024 * 1024;

describeWith("aria2")("aria2", () => {
  it.each([{ requireCrypto: false }, { requireCrypto: true }])(
    "gives us every byte (encryption required: $requireCrypto)",
    async ({ requireCrypto }) => {
      await using torrent = await createTestTorrent({ lengthBytes: 5 * MIB + 99, pieceLengthBytes: 128 * 1024 });
      await using folder = await temporaryFolder("aria2");
      await copyFile(torrent.filePath, join(folder.path, torrent.name));
      const { torrentPath } = torrent;
      await using seed = await startAria2({ torrentPath, saveDirectory: folder.path, requireCrypto });
      await using us = await startTestEngine({ peers: [{ host: "127.0.0.1", port: seed.port }] });
      await us.engine.add(torrent.torrentFile, { signal: never });
      const { provider } = await us.engine.openFile(torrent.infoHash, 0, { signal: never });
      const bytes = await readRange(provider, 0, provider.sizeBytes, AbortSignal.timeout(40_000));
      expect(Buffer.compare(bytes, torrent.bytes)).toBe(0);
    },
  );

  it("finds us through a tracker and takes every byte from us", async () => {
    let port = 0;
    await using tracker = await startTracker(() => [port]);
    await using torrent = await createTestTorrent({
      lengthBytes: 5 * MIB + 1,
      pieceLengthBytes: 128 * 1024,
      trackers: [tracker.url],
    });
    await using us = await startTestEngine();
    us.engine.share(torrent.torrentFile, [torrent.filePath]);
    port = await us.engine.peerPort(never);
    await using folder = await temporaryFolder("aria2");
    await using _leech = await startAria2({ torrentPath: torrent.torrentPath, saveDirectory: folder.path });
    const copyPath = join(folder.path, torrent.name);
    await waitUntil(
      "aria2 has it all",
      async () => {
        const copy = await readFile(copyPath).catch(() => undefined);
        return copy !== undefined && Buffer.compare(copy, torrent.bytes) === 0;
      },
      40_000,
    );
    const ours = tracker.announces.filter((query) => query.get("port") === String(port));
    expect(ours.map((query) => query.get("event"))).toContain("started");
  });
});
