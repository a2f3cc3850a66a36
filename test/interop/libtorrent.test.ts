import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { startLibtorrent } from "../support/peers/libtorrent.ts";
import { startScriptedSeed } from "../support/scripted-seed.ts";
import { sha256 } from "../support/sha256.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { never, readRange, startTestEngine } from "../support/test-engine.ts";
import { createTestTorrent } from "../support/test-torrent.ts";
import { describeWith } from "../support/tools.ts";
import { waitUntil } from "../support/wait.ts";

const MIB = 1024 * 1024;
const ENCRYPTIONS = ["off", "default", "forced", "rc4"] as const;

describeWith("libtorrent")("libtorrent", () => {
  describe.each(ENCRYPTIONS)("with encryption %s", (encryption) => {
    it("gives us the metadata and every byte of a magnet", async () => {
      await using torrent = await createTestTorrent({ lengthBytes: 8 * MIB + 12_345, pieceLengthBytes: 256 * 1024 });
      await using seed = await startLibtorrent({
        torrentPath: torrent.torrentPath,
        saveDirectory: torrent.directory,
        role: "seed",
        encryption,
      });
      await using us = await startTestEngine();
      const magnet = `magnet:?xt=urn:btih:${torrent.infoHash}&x.pe=127.0.0.1:${seed.port}`;
      await us.engine.add(magnet, { signal: never });
      const { provider, file } = await us.engine.openFile(torrent.infoHash, 0, { signal: AbortSignal.timeout(20_000) });
      expect(file.path).toBe(torrent.name);
      const head = await readRange(provider, 0, MIB, AbortSignal.timeout(30_000));
      // In the middle, since libtorrent leaves whoever has it all.
      const ours = await waitUntil("libtorrent tells of us", () => {
        const { uploadedBytes, peers } = seed.report();
        return uploadedBytes > 0 && peers[0];
      });
      expect(ours.isRc4).toBe(encryption === "rc4");
      const rest = await readRange(provider, MIB, provider.sizeBytes, AbortSignal.timeout(30_000));
      expect(sha256(Buffer.concat([head, rest]))).toBe(sha256(torrent.bytes));
    });

    const by = encryption === "default" || encryption === "rc4" ? "magnet" : "file";
    it(`takes every byte from us, by ${by}`, async () => {
      await using torrent = await createTestTorrent({ lengthBytes: 6 * MIB + 777, pieceLengthBytes: 128 * 1024 });
      await using us = await startTestEngine();
      us.engine.share(torrent.torrentFile, [torrent.filePath]);
      const port = await us.engine.peerPort(never);
      await using folder = await temporaryFolder("leech");
      await using leech = await startLibtorrent({
        torrentPath: by === "file" ? torrent.torrentPath : `magnet:?xt=urn:btih:${torrent.infoHash}`,
        saveDirectory: folder.path,
        role: "leech",
        encryption,
        connectTo: { host: "127.0.0.1", port },
      });
      await waitUntil("libtorrent has it all", () => leech.report().isSeeding, 40_000);
      const copy = await readFile(join(folder.path, torrent.name));
      expect(sha256(copy)).toBe(sha256(torrent.bytes));
      await waitUntil(
        "we have counted it",
        () => us.engine.get(torrent.infoHash)!.uploadedBytes >= torrent.bytes.length,
      );
    });
  });

  it("is given what is there of a torrent that is still played", async () => {
    await using torrent = await createTestTorrent({ lengthBytes: 6 * MIB + 99, pieceLengthBytes: 128 * 1024 });
    await using source = await startScriptedSeed({ torrent, bytesPerSecond: 1.5 * MIB });
    await using us = await startTestEngine({ peers: [source.peer] });
    await us.engine.add(torrent.torrentFile, { signal: never });
    const { provider } = await us.engine.openFile(torrent.infoHash, 0, { signal: AbortSignal.timeout(20_000) });
    const playing = readRange(provider, 0, provider.sizeBytes, AbortSignal.timeout(30_000));
    await using folder = await temporaryFolder("leech");
    await using leech = await startLibtorrent({
      torrentPath: torrent.torrentPath,
      saveDirectory: folder.path,
      role: "leech",
      connectTo: { host: "127.0.0.1", port: await us.engine.peerPort(never) },
    });
    const status = await waitUntil("libtorrent has some of it from us", () => {
      const now = us.engine.get(torrent.infoHash)!;
      return now.uploadedBytes >= MIB && now;
    });
    expect(status.verifiedBytes).toBeLessThan(torrent.bytes.length);
    expect(sha256(await playing)).toBe(sha256(torrent.bytes));
    await waitUntil("libtorrent has it all", () => leech.report().isSeeding, 40_000);
    expect(sha256(await readFile(join(folder.path, torrent.name)))).toBe(sha256(torrent.bytes));
  });
});
