import { mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { startProcess } from "../support/processes.ts";
import { downloadChildWords } from "../support/program.ts";
import { startScriptedSeed } from "../support/scripted-seed.ts";
import { createSparseLibrary, verifiedBytesOf } from "../support/sparse-library.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { never, readRange, startTestEngine } from "../support/test-engine.ts";
import { createTestTorrent } from "../support/test-torrent.ts";
import { waitUntil } from "../support/wait.ts";

const KIB = 1024;
const MIB = 1024 * KIB;
/** Head and one record of the journal of verified pieces. */
const JOURNAL_HEADER_BYTES = 40;
const JOURNAL_RECORD_BYTES = 8;

describe("when Riptide is started again", () => {
  it("has what it had, loose blocks too, and fetches only the rest", async () => {
    await using torrent = await createTestTorrent({ lengthBytes: 8 * MIB, pieceLengthBytes: MIB });
    await using seed = await startScriptedSeed({ torrent, stallAfterBytes: 4.5 * MIB });
    await using folder = await temporaryFolder("restart");
    {
      await using us = await startTestEngine({ dataDirectory: folder.path, peers: [seed.peer] });
      await us.engine.add(torrent.torrentFile, { signal: never });
      const { provider } = await us.engine.openFile(torrent.infoHash, 0, { signal: never });
      await readRange(provider, 0, 4 * MIB, AbortSignal.timeout(20_000));
      provider.want({ range: { start: 4 * MIB, end: 5 * MIB }, urgency: "soon" });
      await waitUntil("a piece is half there", () => seed.counters.bytesSent >= 4.5 * MIB);
    }
    const sentBefore = seed.counters.bytesSent;
    expect(sentBefore).toBe(4.5 * MIB);
    await using us = await startTestEngine({ dataDirectory: folder.path, peers: [seed.peer] });
    expect(us.engine.list()).toMatchObject([{ infoHash: torrent.infoHash, name: torrent.name, state: "ready" }]);
    const { provider } = await us.engine.openFile(torrent.infoHash, 0, { signal: never });
    await waitUntil("the store is open", () => us.engine.get(torrent.infoHash)!.verifiedBytes > 0);
    expect(provider.available({ start: 0, end: 8 * MIB })).toEqual([{ start: 0, end: 4 * MIB }]);
    const head = await readRange(provider, 0, 4 * MIB);
    expect([Buffer.compare(head, torrent.bytes.subarray(0, 4 * MIB)), seed.counters.bytesSent]).toEqual([
      0,
      sentBefore,
    ]);
    const rest = await readRange(provider, 4 * MIB, 8 * MIB, AbortSignal.timeout(20_000));
    expect(Buffer.compare(rest, torrent.bytes.subarray(4 * MIB))).toBe(0);
    // Each block once, but for the few on the wire when the first engine closed.
    expect(seed.counters.bytesSent).toBeLessThan(8 * MIB + 300 * KIB);
  });

  it("after kill -9 keeps every recorded piece, serves no other byte, and fetches the rest", async () => {
    await using torrent = await createTestTorrent({ lengthBytes: 12 * MIB, pieceLengthBytes: 256 * KIB });
    // Six seconds for the whole of it: pieces are recorded every second, and the child must not get to the end.
    await using seed = await startScriptedSeed({ torrent, bytesPerSecond: 2 * MIB });
    await using folder = await temporaryFolder("killed");
    const words = [folder.path, torrent.torrentPath, String(seed.peer.port)];
    await using child = startProcess(process.execPath, [...downloadChildWords(), ...words]);
    const journal = join(folder.path, torrent.infoHash, ".riptide", "verified");
    const recorded = async (): Promise<number> =>
      Math.floor(((await stat(journal).catch(() => ({ size: 0 }))).size - JOURNAL_HEADER_BYTES) / JOURNAL_RECORD_BYTES);
    await waitUntil("some pieces are recorded", async () => (await recorded()) >= 8);
    await child.stop("SIGKILL");
    expect([child.child.signalCode, child.lines]).toEqual(["SIGKILL", []]);
    const keptPieces = await recorded();
    await waitUntil("the seed has noticed", () => seed.counters.openRequests === 0);
    const sentBefore = seed.counters.bytesSent;
    await using us = await startTestEngine({ dataDirectory: folder.path, peers: [seed.peer] });
    const { provider } = await us.engine.openFile(torrent.infoHash, 0, { signal: never });
    await waitUntil("the store is open", () => us.engine.get(torrent.infoHash)!.verifiedBytes > 0);
    const available = provider.available({ start: 0, end: provider.sizeBytes });
    expect(available.reduce((sum, { start, end }) => sum + end - start, 0)).toBeGreaterThanOrEqual(
      keptPieces * 256 * KIB,
    );
    for (const { start, end } of available) {
      const bytes = await readRange(provider, start, end);
      expect(Buffer.compare(bytes, torrent.bytes.subarray(start, end))).toBe(0);
    }
    expect(seed.counters.bytesSent).toBe(sentBefore);
    const bytes = await readRange(provider, 0, provider.sizeBytes, AbortSignal.timeout(30_000));
    expect(Buffer.compare(bytes, torrent.bytes)).toBe(0);
    expect(seed.counters.bytesSent - sentBefore).toBeLessThanOrEqual(12 * MIB - keptPieces * 256 * KIB);
  });
});

describe("kill -9 in the middle of a piece of 16 MiB", () => {
  it("loses at most some seconds of it", async () => {
    await using torrent = await createTestTorrent({ lengthBytes: 16 * MIB, pieceLengthBytes: 16 * MIB });
    await using folder = await temporaryFolder("half-a-piece");
    {
      await using seed = await startScriptedSeed({ torrent, stallAfterBytes: 10 * MIB });
      const words = [folder.path, torrent.torrentPath, String(seed.peer.port)];
      await using child = startProcess(process.execPath, [...downloadChildWords(), ...words]);
      const kept = join(folder.path, torrent.infoHash, ".riptide", "partials");
      await waitUntil(
        "its blocks are kept",
        async () => (await stat(kept).catch(() => ({ size: 0 }))).size >= 10 * MIB,
        60_000,
      );
      await child.stop("SIGKILL");
    }
    await using seed = await startScriptedSeed({ torrent });
    await using us = await startTestEngine({ dataDirectory: folder.path, peers: [seed.peer] });
    const { provider } = await us.engine.openFile(torrent.infoHash, 0, { signal: never });
    const bytes = await readRange(provider, 0, provider.sizeBytes, AbortSignal.timeout(60_000));
    expect(Buffer.compare(bytes, torrent.bytes)).toBe(0);
    expect(seed.counters.bytesSent).toBe(6 * MIB);
  });
});

describe("a library of 50 torrents of 4 GiB each", () => {
  it("is open at once, with all that was recorded, and nothing of it hashed", async () => {
    const library = { torrents: 50, lengthBytes: 4 * 1024 * MIB };
    await using folder = await temporaryFolder("library");
    await createSparseLibrary(folder.path, library);
    await using us = await startTestEngine({ dataDirectory: folder.path });
    expect(us.engine.list()).toHaveLength(library.torrents);
    // bench/restart.ts measures it; to hash holes would take minutes.
    await waitUntil(
      "all of them are ready",
      () => us.engine.list().every(({ verifiedBytes }) => verifiedBytes === verifiedBytesOf(library)),
      15_000,
    );
  });
});

describe("when a torrent is removed", () => {
  it("its data goes if it is to be deleted, and nothing else", async () => {
    await using first = await createTestTorrent({
      lengthBytes: MIB,
      pieceLengthBytes: 64 * KIB,
      seed: 1,
      name: "a.bin",
    });
    await using second = await createTestTorrent({
      lengthBytes: MIB,
      pieceLengthBytes: 64 * KIB,
      seed: 2,
      name: "b.bin",
    });
    await using folder = await temporaryFolder("remove");
    const dataDirectory = join(folder.path, "data");
    await mkdir(dataDirectory);
    await writeFile(join(folder.path, "mine.txt"), "not yours");
    await writeFile(join(dataDirectory, "mine.txt"), "not yours either");
    await using firstSeed = await startScriptedSeed({ torrent: first });
    await using secondSeed = await startScriptedSeed({ torrent: second });
    await using us = await startTestEngine({ dataDirectory, peers: [firstSeed.peer, secondSeed.peer] });
    for (const torrent of [first, second]) {
      await us.engine.add(torrent.torrentFile, { signal: never });
      const { provider } = await us.engine.openFile(torrent.infoHash, 0, { signal: never });
      await readRange(provider, 0, provider.sizeBytes, AbortSignal.timeout(20_000));
    }
    const waiting = await us.engine.openFile(first.infoHash, 0, { signal: never });
    await us.engine.remove(first.infoHash, { deleteData: true, signal: never });
    await expect(waiting.provider.readAt(0, 1, { signal: never })).rejects.toMatchObject({ code: "torrent_removed" });
    expect((await readdir(dataDirectory)).filter((name) => !name.startsWith("."))).toEqual(
      [second.infoHash, "mine.txt"].sort(),
    );
    expect((await readdir(folder.path)).sort()).toEqual(["data", "mine.txt"]);
    const kept = await readFile(join(dataDirectory, second.infoHash, "b.bin"));
    expect(Buffer.compare(kept, second.bytes)).toBe(0);
    // Without deleting, the files stay for their owner, and only what Riptide remembered goes.
    await us.engine.remove(second.infoHash, { deleteData: false, signal: never });
    expect(await readdir(join(dataDirectory, second.infoHash))).toEqual(["b.bin"]);
  });

  it("can be added again at once, and is fetched anew", async () => {
    await using torrent = await createTestTorrent({ lengthBytes: MIB, pieceLengthBytes: 64 * KIB });
    await using seed = await startScriptedSeed({ torrent });
    await using us = await startTestEngine({ peers: [seed.peer] });
    for (let round = 1; round <= 3; round += 1) {
      await us.engine.add(torrent.torrentFile, { signal: never });
      const { provider } = await us.engine.openFile(torrent.infoHash, 0, { signal: never });
      const bytes = await readRange(provider, 0, provider.sizeBytes, AbortSignal.timeout(20_000));
      expect(Buffer.compare(bytes, torrent.bytes)).toBe(0);
      expect(seed.counters.bytesSent).toBe(round * MIB);
      const removal = us.engine.remove(torrent.infoHash, { deleteData: true, signal: never });
      if (round === 3) await removal;
    }
    expect(us.engine.list()).toEqual([]);
  });
});
