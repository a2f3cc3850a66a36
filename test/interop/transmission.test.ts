import { copyFile, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { MEETINGS, type Meeting, settingsFor, sourceForThem, sourceForUs } from "../support/peers/meetings.ts";
import { startTransmission } from "../support/peers/transmission.ts";
import { sha256 } from "../support/sha256.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { never, readRange, startTestEngine } from "../support/test-engine.ts";
import { createTestTorrent } from "../support/test-torrent.ts";
import { describeWith } from "../support/tools.ts";
import { waitUntil } from "../support/wait.ts";

const MIB = 1024 * 1024;

const ENCRYPTIONS = { plain: "tolerated", encrypted: "required" } as const;

// It unchokes somebody every ten seconds only: they wait side by side.
describeWith("transmission")("transmission", () => {
  it.concurrent.each(MEETINGS)("gives us every byte ($encryption, by $by, at $host)", async (meeting) => {
    await using torrent = await createTestTorrent({ lengthBytes: 4 * MIB + 321, pieceLengthBytes: 128 * 1024 });
    await using folder = await temporaryFolder("transmission");
    await copyFile(torrent.filePath, join(folder.path, torrent.name));
    await using seed = await startTransmission({
      source: torrent.torrentPath,
      saveDirectory: folder.path,
      encryption: ENCRYPTIONS[meeting.encryption],
    });
    const peers = [{ host: meeting.host, port: seed.port }];
    await using us = await startTestEngine({ settings: settingsFor(meeting), peers });
    await us.engine.add(sourceForUs(meeting, torrent), { signal: never });
    const { provider } = await us.engine.openFile(torrent.infoHash, 0, { signal: AbortSignal.timeout(30_000) });
    const head = await readRange(provider, 0, MIB, AbortSignal.timeout(60_000));
    expect(await seed.encryptedPeers()).toEqual([isEncrypted(meeting)]);
    const rest = await readRange(provider, MIB, provider.sizeBytes, AbortSignal.timeout(60_000));
    expect(sha256(Buffer.concat([head, rest]))).toBe(sha256(torrent.bytes));
  });

  // We dial it: transmission takes no addresses of 127.0.0.0/8, nor ::1, from trackers or other peers.
  it.concurrent.each(MEETINGS)("takes every byte from us ($encryption, by $by, at $host)", async (meeting) => {
    await using torrent = await createTestTorrent({ lengthBytes: 4 * MIB + 5, pieceLengthBytes: 128 * 1024 });
    await using folder = await temporaryFolder("transmission");
    await using leech = await startTransmission({
      source: sourceForThem(meeting, torrent),
      saveDirectory: folder.path,
      encryption: ENCRYPTIONS[meeting.encryption],
    });
    const peers = [{ host: meeting.host, port: leech.port }];
    await using us = await startTestEngine({ settings: settingsFor(meeting), peers });
    us.engine.share(torrent.torrentFile, [torrent.filePath]);
    const encryptedPeers = await waitUntil("transmission tells of us", async () => {
      const told = await leech.encryptedPeers();
      return told.length > 0 && told;
    });
    expect(encryptedPeers).toEqual([isEncrypted(meeting)]);
    await waitUntil("transmission has it all", async () => (await leech.progress()) === 1, 60_000);
    expect(sha256(await readFile(join(folder.path, torrent.name)))).toBe(sha256(torrent.bytes));
  });
});

function isEncrypted({ encryption }: Meeting): boolean {
  return encryption === "encrypted";
}
