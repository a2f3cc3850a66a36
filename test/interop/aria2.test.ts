import { copyFile, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { startAria2 } from "../support/peers/aria2.ts";
import {
  MEETINGS,
  type Meeting,
  magnetAt,
  settingsFor,
  sourceForThem,
  sourceForUs,
} from "../support/peers/meetings.ts";
import { startTracker } from "../support/peers/tracker.ts";
import { sha256 } from "../support/sha256.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { never, readRange, startTestEngine } from "../support/test-engine.ts";
import { createTestTorrent } from "../support/test-torrent.ts";
import { describeWith } from "../support/tools.ts";
import { waitUntil } from "../support/wait.ts";

const MIB = 1024 * 1024;

// It does not tell how a connection is encrypted: where it must be, aria2 takes no other. It waits seconds between its steps: side by side.
describeWith("aria2")("aria2", () => {
  it.concurrent.each(MEETINGS)("gives us every byte ($encryption, by $by, at $host)", async (meeting) => {
    await using torrent = await createTestTorrent({ lengthBytes: 5 * MIB + 99, pieceLengthBytes: 128 * 1024 });
    await using folder = await temporaryFolder("aria2");
    await copyFile(torrent.filePath, join(folder.path, torrent.name));
    await using seed = await startAria2({
      source: torrent.torrentPath,
      saveDirectory: folder.path,
      requireCrypto: meeting.encryption === "encrypted",
      ipv6: meeting.host === "::1",
    });
    const peers = [{ host: meeting.host, port: seed.port }];
    await using us = await startTestEngine({ settings: settingsFor(meeting), peers });
    await us.engine.add(sourceForUs(meeting, torrent), { signal: never });
    const { provider } = await us.engine.openFile(torrent.infoHash, 0, { signal: AbortSignal.timeout(20_000) });
    const bytes = await readRange(provider, 0, provider.sizeBytes, AbortSignal.timeout(40_000));
    expect(sha256(bytes)).toBe(sha256(torrent.bytes));
  });

  // Whoever it dials gets an encrypted handshake first, whatever its settings: it takes the clear from those who dial it.
  it.concurrent.each<Meeting<"plain" | "encrypted" | "as it likes">>([
    ...MEETINGS,
    { encryption: "as it likes", by: "magnet", host: "127.0.0.1" },
  ])("takes every byte from us ($encryption, by $by, at $host)", async ({ encryption, by, host }) => {
    const isDialled = encryption === "plain";
    let port = 0;
    await using tracker = await startTracker(() => (isDialled ? [] : [port]), { peerHost: host });
    const { url: trackerUrl } = tracker;
    const size = { lengthBytes: 5 * MIB + 1, pieceLengthBytes: 128 * 1024 };
    await using torrent = await createTestTorrent({ ...size, trackers: [trackerUrl] });
    await using us = await startTestEngine({ settings: settingsFor({ host }) });
    us.engine.share(torrent.torrentFile, [torrent.filePath]);
    port = await us.engine.peerPort(never);
    await using folder = await temporaryFolder("aria2");
    const source = sourceForThem({ by }, torrent);
    const security = { requireCrypto: encryption === "encrypted", ipv6: host === "::1" };
    await using leech = await startAria2({ source, saveDirectory: folder.path, trackerUrl, ...security });
    if (isDialled) await us.engine.add(magnetAt(torrent, { host, port: leech.port }), { signal: never });
    const isComplete = (): boolean => tracker.announces.some((announce) => announce.get("event") === "completed");
    await waitUntil("aria2 has it all", isComplete, 40_000);
    expect(sha256(await readFile(join(folder.path, torrent.name)))).toBe(sha256(torrent.bytes));
    const ours = tracker.announces.filter((query) => query.get("port") === String(port));
    expect(ours.map((query) => query.get("event"))).toContain("started");
  });
});
