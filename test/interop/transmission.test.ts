import { copyFile, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { startTransmission } from "../support/peers/transmission.ts";
import { sha256 } from "../support/sha256.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { never, readRange, startTestEngine } from "../support/test-engine.ts";
import { createTestTorrent, type TestTorrent } from "../support/test-torrent.ts";
import { describeWith } from "../support/tools.ts";
import { waitUntil } from "../support/wait.ts";

const MIB = 1024 * 1024;

describeWith("transmission")("transmission", () => {
  it.each([
    { encryption: "tolerated", by: "file" },
    { encryption: "required", by: "magnet" },
  ] as const)("gives us every byte (encryption $encryption, by $by)", async ({ encryption, by }) => {
    await using torrent = await createTestTorrent({ lengthBytes: 4 * MIB + 321, pieceLengthBytes: 128 * 1024 });
    await using folder = await temporaryFolder("transmission");
    await copyFile(torrent.filePath, join(folder.path, torrent.name));
    const { torrentPath: source, torrentFile } = torrent;
    await using seed = await startTransmission({ source, saveDirectory: folder.path, encryption });
    await using us = await startTestEngine({ peers: [{ host: "127.0.0.1", port: seed.port }] });
    await us.engine.add(by === "file" ? torrentFile : magnetOf(torrent), { signal: never });
    const { provider } = await us.engine.openFile(torrent.infoHash, 0, { signal: AbortSignal.timeout(30_000) });
    const head = await readRange(provider, 0, MIB, AbortSignal.timeout(60_000));
    expect(await seed.encryptedPeers()).toEqual([encryption === "required"]);
    const rest = await readRange(provider, MIB, provider.sizeBytes, AbortSignal.timeout(60_000));
    expect(sha256(Buffer.concat([head, rest]))).toBe(sha256(torrent.bytes));
  });

  // We dial it: transmission takes no addresses of 127.0.0.0/8 from trackers or other peers.
  it.each([
    { encryption: "tolerated", by: "magnet" },
    { encryption: "required", by: "file" },
  ] as const)("takes every byte from us (encryption $encryption, by $by)", async ({ encryption, by }) => {
    await using torrent = await createTestTorrent({ lengthBytes: 4 * MIB + 5, pieceLengthBytes: 128 * 1024 });
    await using folder = await temporaryFolder("transmission");
    const source = by === "file" ? torrent.torrentPath : magnetOf(torrent);
    await using leech = await startTransmission({ source, saveDirectory: folder.path, encryption });
    await using us = await startTestEngine({ peers: [{ host: "127.0.0.1", port: leech.port }] });
    us.engine.share(torrent.torrentFile, [torrent.filePath]);
    const isEncrypted = await waitUntil("transmission tells of us", async () => {
      const peers = await leech.encryptedPeers();
      return peers.length > 0 && peers;
    });
    expect(isEncrypted).toEqual([encryption === "required"]);
    await waitUntil("transmission has it all", async () => (await leech.progress()) === 1, 60_000);
    expect(sha256(await readFile(join(folder.path, torrent.name)))).toBe(sha256(torrent.bytes));
  });
});

function magnetOf({ infoHash }: TestTorrent): string {
  return `magnet:?xt=urn:btih:${infoHash}`;
}
