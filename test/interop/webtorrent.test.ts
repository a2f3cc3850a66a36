import { copyFile, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { startWebtorrent } from "../support/peers/webtorrent.ts";
import { sha256 } from "../support/sha256.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { never, readRange, startTestEngine } from "../support/test-engine.ts";
import { createTestTorrent } from "../support/test-torrent.ts";
import { describeWith } from "../support/tools.ts";
import { waitUntil } from "../support/wait.ts";

const MIB = 1024 * 1024;

describeWith("webtorrent")("WebTorrent", () => {
  // Dialled, it takes the clear, whatever its settings; it is the one who insists when it dials.
  it.each([
    { encryption: "off", heard: "none", dials: false },
    { encryption: "handshake", heard: "plaintext", dials: true },
    { encryption: "rc4", heard: "rc4", dials: true },
  ] as const)("gives us the metadata and every byte of a magnet (encryption $encryption)", async (row) => {
    await using torrent = await createTestTorrent({ lengthBytes: 4 * MIB + 321, pieceLengthBytes: 128 * 1024 });
    await using folder = await temporaryFolder("webtorrent");
    await copyFile(torrent.filePath, join(folder.path, torrent.name));
    await using us = await startTestEngine();
    await us.engine.add(`magnet:?xt=urn:btih:${torrent.infoHash}`, { signal: never });
    const ours = { host: "127.0.0.1", port: await us.engine.peerPort(never) };
    await using seed = await startWebtorrent({
      source: torrent.torrentPath,
      saveDirectory: folder.path,
      encryption: row.encryption,
      ...(row.dials ? { connectTo: ours } : {}),
    });
    if (!row.dials) {
      await us.engine.add(`magnet:?xt=urn:btih:${torrent.infoHash}&x.pe=127.0.0.1:${seed.port}`, { signal: never });
    }
    const { provider } = await us.engine.openFile(torrent.infoHash, 0, { signal: AbortSignal.timeout(20_000) });
    const bytes = await readRange(provider, 0, provider.sizeBytes, AbortSignal.timeout(30_000));
    expect(sha256(bytes)).toBe(sha256(torrent.bytes));
    const { encryptions } = await waitUntil("it tells of us", () => seed.report().uploadedBytes > 0 && seed.report());
    expect(encryptions).toEqual([row.heard]);
  });

  it("gives us every byte of a file, and takes every byte of one from us", async () => {
    await using torrent = await createTestTorrent({ lengthBytes: 4 * MIB + 77, pieceLengthBytes: 128 * 1024 });
    await using folder = await temporaryFolder("webtorrent");
    await copyFile(torrent.filePath, join(folder.path, torrent.name));
    const client = { source: torrent.torrentPath, encryption: "off" } as const;
    await using seed = await startWebtorrent({ ...client, saveDirectory: folder.path });
    await using us = await startTestEngine({ peers: [{ host: "127.0.0.1", port: seed.port }] });
    await us.engine.add(torrent.torrentFile, { signal: never });
    const { provider } = await us.engine.openFile(torrent.infoHash, 0, { signal: AbortSignal.timeout(20_000) });
    const bytes = await readRange(provider, 0, provider.sizeBytes, AbortSignal.timeout(30_000));
    expect(sha256(bytes)).toBe(sha256(torrent.bytes));
    await using other = await temporaryFolder("webtorrent");
    const connectTo = { host: "127.0.0.1", port: await us.engine.peerPort(never) };
    await using leech = await startWebtorrent({ ...client, saveDirectory: other.path, connectTo });
    await waitUntil("it has it all", () => leech.report().isDone, 40_000);
    expect(sha256(await readFile(join(other.path, torrent.name)))).toBe(sha256(torrent.bytes));
  });

  it.each([
    { encryption: "off", heard: "none" },
    { encryption: "handshake", heard: "plaintext" },
    { encryption: "rc4", heard: "rc4" },
  ] as const)("takes the metadata and every byte from us by a magnet (encryption $encryption)", async (row) => {
    await using torrent = await createTestTorrent({ lengthBytes: 4 * MIB + 5, pieceLengthBytes: 128 * 1024 });
    await using us = await startTestEngine();
    us.engine.share(torrent.torrentFile, [torrent.filePath]);
    await using folder = await temporaryFolder("webtorrent");
    await using leech = await startWebtorrent({
      source: `magnet:?xt=urn:btih:${torrent.infoHash}`,
      saveDirectory: folder.path,
      encryption: row.encryption,
      connectTo: { host: "127.0.0.1", port: await us.engine.peerPort(never) },
    });
    const { encryptions } = await waitUntil("it has it all", () => leech.report().isDone && leech.report(), 40_000);
    expect(encryptions).toEqual([row.heard]);
    expect(sha256(await readFile(join(folder.path, torrent.name)))).toBe(sha256(torrent.bytes));
  });
});
