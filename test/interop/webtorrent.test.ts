import { copyFile, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import {
  MEETINGS,
  type Meeting,
  magnetAt,
  settingsFor,
  sourceForThem,
  sourceForUs,
} from "../support/peers/meetings.ts";
import { startWebtorrent } from "../support/peers/webtorrent.ts";
import { sha256 } from "../support/sha256.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { never, readRange, startTestEngine } from "../support/test-engine.ts";
import { createTestTorrent } from "../support/test-torrent.ts";
import { describeWith } from "../support/tools.ts";
import { waitUntil } from "../support/wait.ts";

const MIB = 1024 * 1024;

/** Its settings, and what it tells of a connection then. */
const ENCRYPTIONS = {
  plain: { encryption: "off", heard: "none" },
  "only its handshake": { encryption: "handshake", heard: "plaintext" },
  encrypted: { encryption: "rc4", heard: "rc4" },
} as const;
const MET: readonly Meeting<keyof typeof ENCRYPTIONS>[] = [
  ...MEETINGS,
  { encryption: "only its handshake", by: "magnet", host: "127.0.0.1" },
];

describeWith("webtorrent")("WebTorrent", () => {
  // Dialled, it takes the clear, whatever its settings: it is the one who insists, when it dials.
  it.each(MET)("gives us every byte ($encryption, by $by, at $host)", async (meeting) => {
    const { encryption, heard } = ENCRYPTIONS[meeting.encryption];
    await using torrent = await createTestTorrent({ lengthBytes: 4 * MIB + 321, pieceLengthBytes: 128 * 1024 });
    await using folder = await temporaryFolder("webtorrent");
    await copyFile(torrent.filePath, join(folder.path, torrent.name));
    await using us = await startTestEngine({ settings: settingsFor(meeting) });
    await us.engine.add(sourceForUs(meeting, torrent), { signal: never });
    const ours = { host: meeting.host, port: await us.engine.peerPort(never) };
    await using seed = await startWebtorrent({
      source: torrent.torrentPath,
      saveDirectory: folder.path,
      encryption,
      ...(heard === "none" ? {} : { connectTo: ours }),
    });
    const theirs = { host: meeting.host, port: seed.port };
    if (heard === "none") await us.engine.add(magnetAt(torrent, theirs), { signal: never });
    const { provider } = await us.engine.openFile(torrent.infoHash, 0, { signal: AbortSignal.timeout(20_000) });
    const bytes = await readRange(provider, 0, provider.sizeBytes, AbortSignal.timeout(30_000));
    expect(sha256(bytes)).toBe(sha256(torrent.bytes));
    const { encryptions } = await waitUntil("it tells of us", () => seed.report().uploadedBytes > 0 && seed.report());
    expect(encryptions).toEqual([heard]);
  });

  it.each(MET)("dials us and takes every byte from us ($encryption, by $by, at $host)", async (meeting) => {
    const { encryption, heard } = ENCRYPTIONS[meeting.encryption];
    await using torrent = await createTestTorrent({ lengthBytes: 4 * MIB + 5, pieceLengthBytes: 128 * 1024 });
    await using us = await startTestEngine({ settings: settingsFor(meeting) });
    us.engine.share(torrent.torrentFile, [torrent.filePath]);
    await using folder = await temporaryFolder("webtorrent");
    await using leech = await startWebtorrent({
      source: sourceForThem(meeting, torrent),
      saveDirectory: folder.path,
      encryption,
      connectTo: { host: meeting.host, port: await us.engine.peerPort(never) },
    });
    const { encryptions } = await waitUntil("it has it all", () => leech.report().isDone && leech.report(), 40_000);
    expect(encryptions).toEqual([heard]);
    expect(sha256(await readFile(join(folder.path, torrent.name)))).toBe(sha256(torrent.bytes));
  });
});
