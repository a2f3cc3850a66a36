import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createRandom } from "@riptide/sim";
import { parseTorrentFile } from "@riptide/swarm";
import { expect, it } from "vitest";
import { makeHybridTorrent, startLibtorrent } from "../support/peers/libtorrent.ts";
import { MEETINGS, type Meeting, settingsFor, sourceForThem, sourceForUs } from "../support/peers/meetings.ts";
import { startScriptedSeed } from "../support/scripted-seed.ts";
import { sha256 } from "../support/sha256.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { never, readRange, startTestEngine } from "../support/test-engine.ts";
import { createTestTorrent } from "../support/test-torrent.ts";
import { describeWith } from "../support/tools.ts";
import { waitUntil } from "../support/wait.ts";

const MIB = 1024 * 1024;
/** Its settings for what we call so: all in the clear, all in RC4, what it does unless told otherwise, and MSE with a clear payload allowed. */
const ENCRYPTIONS = { plain: "off", encrypted: "rc4", default: "default", forced: "forced" } as const;
const MET: readonly Meeting<keyof typeof ENCRYPTIONS>[] = [
  ...MEETINGS,
  { encryption: "default", by: "magnet", host: "127.0.0.1" },
  { encryption: "forced", by: "file", host: "127.0.0.1" },
];

describeWith("libtorrent")("libtorrent", () => {
  it.each(MET)("gives us every byte ($encryption, by $by, at $host)", async (meeting) => {
    await using torrent = await createTestTorrent({ lengthBytes: 8 * MIB + 12_345, pieceLengthBytes: 256 * 1024 });
    await using seed = await startLibtorrent({
      torrentPath: torrent.torrentPath,
      saveDirectory: torrent.directory,
      role: "seed",
      encryption: ENCRYPTIONS[meeting.encryption],
      host: meeting.host,
    });
    const peers = [{ host: meeting.host, port: seed.port }];
    await using us = await startTestEngine({ settings: settingsFor(meeting), peers });
    await us.engine.add(sourceForUs(meeting, torrent), { signal: never });
    const { provider, file } = await us.engine.openFile(torrent.infoHash, 0, { signal: AbortSignal.timeout(20_000) });
    expect(file.path).toBe(torrent.name);
    const head = await readRange(provider, 0, MIB, AbortSignal.timeout(30_000));
    // In the middle, since libtorrent leaves whoever has it all.
    const ours = await waitUntil("libtorrent tells of us", () => {
      const { uploadedBytes, peers: told } = seed.report();
      return uploadedBytes > 0 && told[0];
    });
    expect([ours.isRc4, ours.isPlaintext]).toEqual([
      meeting.encryption === "encrypted",
      meeting.encryption === "forced",
    ]);
    const rest = await readRange(provider, MIB, provider.sizeBytes, AbortSignal.timeout(30_000));
    expect(sha256(Buffer.concat([head, rest]))).toBe(sha256(torrent.bytes));
  });

  it.each(MET)("dials us and takes every byte from us ($encryption, by $by, at $host)", async (meeting) => {
    await using torrent = await createTestTorrent({ lengthBytes: 6 * MIB + 777, pieceLengthBytes: 128 * 1024 });
    await using us = await startTestEngine({ settings: settingsFor(meeting) });
    us.engine.share(torrent.torrentFile, [torrent.filePath]);
    const port = await us.engine.peerPort(never);
    await using folder = await temporaryFolder("leech");
    await using leech = await startLibtorrent({
      torrentPath: sourceForThem(meeting, torrent),
      saveDirectory: folder.path,
      role: "leech",
      encryption: ENCRYPTIONS[meeting.encryption],
      host: meeting.host,
      connectTo: { host: meeting.host, port },
    });
    await waitUntil("libtorrent has it all", () => leech.report().isSeeding, 40_000);
    expect(sha256(await readFile(join(folder.path, torrent.name)))).toBe(sha256(torrent.bytes));
    await waitUntil("we have counted it", () => us.engine.get(torrent.infoHash)!.uploadedBytes >= torrent.bytes.length);
  });

  it.each(["magnet", "file"])("gives us every byte of a torrent that is v1 and v2 at once, by %s", async (by) => {
    await using folder = await temporaryFolder("hybrid");
    const films = new Map(Object.entries({ "a.bin": 300_007, "b.bin": 2 * MIB, "c/d.bin": 20_001 }));
    await mkdir(join(folder.path, "films", "c"), { recursive: true });
    for (const [path, lengthBytes] of films) {
      await writeFile(join(folder.path, "films", path), createRandom(lengthBytes).bytes(lengthBytes));
    }
    const torrentPath = join(folder.path, "films.torrent");
    await makeHybridTorrent(join(folder.path, "films"), 64 * 1024, torrentPath);
    const torrentFile = await readFile(torrentPath);
    const { infoHash, infoBytes } = parseTorrentFile(torrentFile);
    for (const part of ["6:pieces", "9:file tree", "12:meta versioni2e"]) {
      expect(Buffer.from(infoBytes).includes(part)).toBe(true);
    }
    await using seed = await startLibtorrent({ torrentPath, saveDirectory: folder.path, role: "seed" });
    await using us = await startTestEngine({ peers: [{ host: "127.0.0.1", port: seed.port }] });
    await us.engine.add(by === "file" ? torrentFile : `magnet:?xt=urn:btih:${infoHash}`, { signal: never });
    const signal = AbortSignal.timeout(30_000);
    const { files } = (await us.engine.openFile(infoHash, 0, { signal })).torrent;
    expect(files.map(({ path }) => path)).toEqual([...films.keys()]);
    for (const { path, index } of files) {
      const { provider } = await us.engine.openFile(infoHash, index, { signal });
      const bytes = await readRange(provider, 0, provider.sizeBytes, signal);
      expect(sha256(bytes)).toBe(sha256(await readFile(join(folder.path, "films", path))));
    }
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
