import { open, readFile, rm, stat, truncate, writeFile } from "node:fs/promises";
import { createRandom } from "@riptide/sim";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openTorrentStore } from "../../src/storage/index.ts";
import { type FileFaults, injectFileFaults, systemError } from "./file-faults.ts";
import { arrive, NEVER, StorageBench, sampleTorrent, setBits } from "./sample-torrent.ts";

const PIECE = 64 * 1024;
/** Files that share pieces, and blocks of the disk that pieces share. */
const TORRENT = sampleTorrent({
  pieceLengthBytes: PIECE,
  files: [
    ["a.mkv", 10 * PIECE + 1000],
    ["sub/b.mkv", 10 * PIECE],
    [".pad/1", 3000],
    ["c.mkv", 100],
  ],
});
const ALL = Array.from({ length: TORRENT.pieceCount }, (_, piece) => piece);
const HEADER_BYTES = 40;
const RECORD_BYTES = 8;

let bench: StorageBench;
beforeEach(async () => {
  bench = await StorageBench.create();
});
afterEach(() => bench.dispose());

async function diskBytes(...path: string[]): Promise<number> {
  return (await stat(bench.path(...path))).blocks * 512;
}

async function readPiece(store: Awaited<ReturnType<StorageBench["open"]>>, piece: number): Promise<boolean> {
  const bytes = await store.read(piece * PIECE, TORRENT.pieceBytes(piece).length, { signal: NEVER });
  return Buffer.compare(bytes, TORRENT.pieceBytes(piece)) === 0;
}

describe("evicting pieces", () => {
  it("gives their bytes back, keeps the length of the files and every other byte, and is remembered", async () => {
    await bench.download(TORRENT, ALL);
    const store = await bench.open(TORRENT);
    const before = await diskBytes("a.mkv");
    await store.evict([2, 3, 4, 7]);
    expect(before - (await diskBytes("a.mkv"))).toBe(4 * PIECE);
    expect((await stat(bench.path("a.mkv"))).size).toBe(10 * PIECE + 1000);
    const kept = ALL.filter((piece) => ![2, 3, 4, 7].includes(piece));
    expect(setBits(store.verified)).toEqual(kept);
    for (const piece of kept) expect(await readPiece(store, piece), `piece ${piece}`).toBe(true);
    await expect(readPiece(store, 3)).rejects.toMatchObject({ code: "storage_failed" });
    await store.close();
    expect(setBits((await bench.open(TORRENT)).verified)).toEqual(kept);
  });

  it("leaves next to nothing behind when they go one by one, across files and shared blocks", async () => {
    await bench.download(TORRENT, ALL);
    const store = await bench.open(TORRENT);
    for (const piece of createRandom(3).shuffle([...ALL])) await store.evict([piece]);
    // The last block of a file, which is not whole, stays, and the file system may keep a block to know where holes are.
    expect(await diskBytes("a.mkv")).toBeLessThanOrEqual(8192);
    expect(await diskBytes("sub", "b.mkv")).toBeLessThanOrEqual(8192);
    expect(setBits(store.verified)).toEqual([]);
  });

  it("takes pieces again, and never makes a hole where one was written since", async () => {
    const store = await bench.open(TORRENT);
    await arrive(store, TORRENT, ALL);
    const evictions = [store.evict([3, 4, 5]), store.evict([6])];
    await arrive(store, TORRENT, [4, 6]);
    await Promise.all(evictions);
    await store.sync();
    expect([await readPiece(store, 4), await readPiece(store, 6)]).toEqual([true, true]);
    await store.close();
    expect(setBits((await bench.open(TORRENT)).verified)).toEqual(ALL.filter((piece) => piece !== 3 && piece !== 5));
  });

  it("spares a neighbour that is written and about to be verified", async () => {
    const store = await bench.open(TORRENT);
    await arrive(store, TORRENT, [3]);
    const written = [2, 4].map((piece) => store.write(piece, TORRENT.pieceBytes(piece)));
    await store.evict([3]);
    await Promise.all(written);
    store.markVerified(2);
    store.markVerified(4);
    expect([await readPiece(store, 2), await readPiece(store, 4)]).toEqual([true, true]);
  });

  it("waits for reads under way: they give the bytes that were verified", async () => {
    await bench.download(TORRENT, ALL);
    const store = await bench.open(TORRENT);
    for (let round = 0; round < 20; round += 1) {
      const reading = Array.from({ length: 8 }, () => readPiece(store, 3));
      await store.evict([3]);
      expect(await Promise.all(reading)).toEqual(Array.from({ length: 8 }, () => true));
      await arrive(store, TORRENT, [3]);
    }
  });

  it("forgets pieces that were not recorded yet", async () => {
    const store = await bench.open(TORRENT);
    await arrive(store, TORRENT, [1, 2, 3]);
    await Promise.all([store.sync(), store.evict([2])]);
    await store.sync();
    await store.close();
    expect(setBits((await bench.open(TORRENT)).verified)).toEqual([1, 3]);
  });

  it("does nothing to files that somebody took away or changed", async () => {
    await bench.download(TORRENT, ALL);
    const store = await bench.open(TORRENT);
    await rm(bench.path("sub", "b.mkv"));
    await truncate(bench.path("a.mkv"), 9 * PIECE);
    await store.evict([2, 15]);
    expect(await diskBytes("a.mkv")).toBe(9 * PIECE);
  });
});

describe("the record of evicted pieces", () => {
  let faults: FileFaults;
  beforeEach(async () => {
    faults = await injectFileFaults();
  });
  afterEach(() => faults.restore());

  it("is durable before their bytes go; where it cannot be made, they stay, and go the next time", async () => {
    await bench.download(TORRENT, ALL);
    const store = await bench.open(TORRENT);
    faults.before = (call) => {
      if (call === "datasync verified") throw systemError("ENOSPC");
    };
    const before = await diskBytes("a.mkv");
    await expect(store.evict([2, 3])).rejects.toMatchObject({ code: "disk_full" });
    expect(await diskBytes("a.mkv")).toBe(before);
    expect(setBits(store.verified)).not.toContain(2);
    faults.before = () => undefined;
    await store.evict([]);
    expect(before - (await diskBytes("a.mkv"))).toBe(2 * PIECE);
    await store.close();
    expect(setBits((await bench.open(TORRENT)).verified)).toEqual(ALL.filter((piece) => piece !== 2 && piece !== 3));
  });

  it("is not undone by a record that could not be made durable before", async () => {
    await bench.download(TORRENT, [0]);
    const store = await bench.open(TORRENT);
    await arrive(store, TORRENT, [5, 6, 7]);
    let failures = 1;
    faults.before = (call) => {
      if (call === "datasync verified" && failures-- > 0) throw systemError("EIO");
    };
    await expect(store.sync()).rejects.toMatchObject({ code: "storage_failed" });
    // Three records of the first try lie in the file; these must not be left behind the one that is written now.
    await store.evict([7]);
    await store.sync();
    await store.close();
    expect(setBits((await bench.open(TORRENT)).verified)).toEqual([0, 5, 6]);
  });

  it("is written anew when it has grown long", async () => {
    await bench.download(TORRENT, ALL);
    const store = await bench.open(TORRENT);
    await store.close();
    const journal = await readFile(bench.journalPath);
    const record = journal.subarray(HEADER_BYTES, HEADER_BYTES + RECORD_BYTES);
    const repeats = Array.from({ length: 65_536 }, () => record);
    await writeFile(bench.journalPath, Buffer.concat([journal, ...repeats]));
    const again = await bench.open(TORRENT);
    expect(setBits(again.verified)).toEqual(ALL);
    await again.evict([4]);
    expect((await readFile(bench.journalPath)).length).toBe(HEADER_BYTES + (ALL.length - 1) * RECORD_BYTES);
    await again.close();
    expect(setBits((await bench.open(TORRENT)).verified)).toEqual(ALL.filter((piece) => piece !== 4));
  });

  it("is never undone by damage: no piece is believed whose bytes are gone", async () => {
    await bench.download(TORRENT, ALL);
    const store = await bench.open(TORRENT);
    await store.evict([4, 9]);
    await store.close();
    const journal = await readFile(bench.journalPath);
    for (let at = 0; at < journal.length; at += 3) {
      const damaged = Uint8Array.from(journal);
      damaged[at]! ^= 0x80;
      await writeFile(bench.journalPath, damaged);
      const again = await bench.open(TORRENT);
      expect(setBits(again.verified), `byte ${at}`).toEqual(ALL.filter((piece) => piece !== 4 && piece !== 9));
      await again.close();
    }
  });
});

describe("a store that reclaims space", () => {
  it("gives back what a crash left behind, and nothing that is verified", async () => {
    await bench.download(TORRENT, [0, 1, 8]);
    const store = await bench.open(TORRENT);
    // What is right of it would be kept.
    for (const piece of [2, 3, 12, 13])
      await store.write(
        piece,
        TORRENT.pieceBytes(piece).map((byte) => byte ^ 1),
      );
    await store.close();
    const before = await diskBytes("a.mkv");
    const options = { directory: bench.torrentFolder, metainfo: TORRENT, signal: NEVER, reclaimsSpace: true };
    const again = await openTorrentStore(options);
    expect(before - (await diskBytes("a.mkv"))).toBe(2 * PIECE);
    expect(await diskBytes("sub", "b.mkv")).toBe(0);
    expect(setBits(again.verified)).toEqual([0, 1, 8]);
    for (const piece of [0, 1, 8]) expect(await readPiece(again, piece)).toBe(true);
    await again.close();
    const handle = await open(bench.path("a.mkv"));
    const middle = Buffer.alloc(PIECE);
    await handle.read(middle, 0, PIECE, 2 * PIECE);
    await handle.close();
    expect(middle.equals(Buffer.alloc(PIECE))).toBe(true);
  });
});
