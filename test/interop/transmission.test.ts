import { copyFile, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { startTransmission } from "../support/peers/transmission.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { never, readRange, startTestEngine } from "../support/test-engine.ts";
import { createTestTorrent } from "../support/test-torrent.ts";
import { describeWith } from "../support/tools.ts";
import { waitUntil } from "../support/wait.ts";

const MIB = 1024 * 1024;

describeWith("transmission")("transmission", () => {
  it.each([{ encryption: "preferred" as const }, { encryption: "required" as const }])(
    "gives us every byte (encryption $encryption)",
    async ({ encryption }) => {
      await using torrent = await createTestTorrent({ lengthBytes: 4 * MIB + 321, pieceLengthBytes: 128 * 1024 });
      await using folder = await temporaryFolder("transmission");
      await copyFile(torrent.filePath, join(folder.path, torrent.name));
      const { torrentPath } = torrent;
      await using seed = await startTransmission({ torrentPath, saveDirectory: folder.path, encryption });
      await using us = await startTestEngine({ peers: [{ host: "127.0.0.1", port: seed.port }] });
      await us.engine.add(torrent.torrentFile, { signal: never });
      const { provider } = await us.engine.openFile(torrent.infoHash, 0, { signal: never });
      const bytes = await readRange(provider, 0, provider.sizeBytes, AbortSignal.timeout(60_000));
      expect(Buffer.compare(bytes, torrent.bytes)).toBe(0);
    },
  );

  // We dial it: transmission takes no addresses of 127.0.0.0/8 from trackers or other peers.
  it("takes every byte from us", async () => {
    await using torrent = await createTestTorrent({ lengthBytes: 4 * MIB + 5, pieceLengthBytes: 128 * 1024 });
    await using folder = await temporaryFolder("transmission");
    const { torrentPath } = torrent;
    await using leech = await startTransmission({ torrentPath, saveDirectory: folder.path, encryption: "preferred" });
    await using us = await startTestEngine({ peers: [{ host: "127.0.0.1", port: leech.port }] });
    us.engine.share(torrent.torrentFile, [torrent.filePath]);
    await waitUntil("transmission has it all", async () => (await leech.progress()) === 1, 60_000);
    const copy = await readFile(join(folder.path, torrent.name));
    expect(Buffer.compare(copy, torrent.bytes)).toBe(0);
  });
});
