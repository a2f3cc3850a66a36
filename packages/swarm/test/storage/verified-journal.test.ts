import { existsSync } from "node:fs";
import { mkdir, open, readFile, rename, rm, symlink, writeFile } from "node:fs/promises";
import { createRandom } from "@riptide/sim";
import * as fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openTorrentStore } from "../../src/storage/index.ts";
import { decodeJournal, encodeJournal } from "../../src/storage/verified-journal.ts";
import { INFO_HASH, NEVER, StorageBench, sampleTorrent, setBits } from "./sample-torrent.ts";

const PIECE = 16 * 1024;
const TORRENT = sampleTorrent({
  pieceLengthBytes: PIECE,
  files: [
    ["a.mkv", 4 * PIECE + 10],
    ["b.mkv", 4 * PIECE],
  ],
});
const SYNCED = [7, 0, 3, 5];
const SORTED = [0, 3, 5, 7];
const HEADER_BYTES = 40;
const RECORD_BYTES = 8;

let bench: StorageBench;
beforeEach(async () => {
  bench = await StorageBench.create();
  await bench.download(TORRENT, SYNCED);
});
afterEach(() => bench.dispose());

/** Opens the store on a journal with these bytes in place of its own, and says which pieces it has. */
async function piecesWith(journal: Uint8Array): Promise<number[]> {
  await writeFile(bench.journalPath, journal);
  const store = await bench.open(TORRENT);
  await store.close();
  return setBits(store.verified);
}

async function overwrite(path: string, position: number, bytes: Uint8Array): Promise<void> {
  const handle = await open(path, "r+");
  await handle.write(bytes, 0, bytes.length, position);
  await handle.close();
}

describe("a journal that was torn or damaged", () => {
  it("makes the store tell of each piece that is hashed, and of none otherwise", async () => {
    const count = async (): Promise<number> => {
      let checked = 0;
      const pieceChecked = (): void => {
        checked += 1;
      };
      const options = { directory: bench.torrentFolder, metainfo: TORRENT, signal: NEVER, pieceChecked };
      await (await openTorrentStore(options)).close();
      return checked;
    };
    expect(await count()).toBe(0);
    await overwrite(bench.journalPath, 0, Uint8Array.of(0));
    expect(await count()).toBeGreaterThanOrEqual(SYNCED.length);
  });

  it("loses no synced piece, wherever it is cut off: what it no longer says is found by hashing", async () => {
    const journal = await readFile(bench.journalPath);
    expect(journal.length).toBe(HEADER_BYTES + SYNCED.length * RECORD_BYTES);
    for (let length = 0; length < journal.length; length += 1) {
      const found = await piecesWith(journal.subarray(0, length));
      const isWholeRecord = length >= HEADER_BYTES && (length - HEADER_BYTES) % RECORD_BYTES === 0;
      // Cut between two records nothing is missing that anybody could know of.
      const expected = isWholeRecord ? SYNCED.slice(0, (length - HEADER_BYTES) / RECORD_BYTES) : SYNCED;
      expect(found, `cut to ${length} bytes`).toEqual([...expected].sort((left, right) => left - right));
    }
  });

  it("loses no synced piece, whichever byte is wrong", async () => {
    const journal = await readFile(bench.journalPath);
    for (let at = 0; at < journal.length; at += 1) {
      const damaged = Uint8Array.from(journal);
      damaged[at]! ^= 0x41;
      expect(await piecesWith(damaged), `byte ${at}`).toEqual(SORTED);
    }
  });

  it("never has a piece whose data is not right, wherever its record is torn or wrong", async () => {
    const journal = await readFile(bench.journalPath);
    // As after a power cut: neither the data of the last piece nor its record reached the disk.
    await overwrite(bench.path("b.mkv"), PIECE - 10, new Uint8Array(PIECE));
    const last = journal.length - RECORD_BYTES;
    for (let at = last; at < journal.length; at += 1) {
      const damaged = Uint8Array.from(journal);
      damaged[at]! ^= 0xff;
      expect(await piecesWith(damaged), `byte ${at} wrong`).toEqual([0, 3, 7]);
      expect(await piecesWith(journal.subarray(0, at)), `cut to ${at} bytes`).toEqual([0, 3, 7]);
    }
    expect(await piecesWith(Buffer.concat([journal.subarray(0, last), new Uint8Array(RECORD_BYTES)]))).toEqual([
      0, 3, 7,
    ]);
  });

  it.each([
    { title: "is empty", change: () => Buffer.alloc(0) },
    { title: "is of zeros", change: (journal: Buffer) => Buffer.alloc(journal.length) },
    { title: "is text", change: () => Buffer.from("not a journal") },
    {
      title: "is of another version",
      change: (journal: Buffer) => Buffer.concat([journal.subarray(0, 11), Buffer.from([2]), journal.subarray(12)]),
    },
    {
      title: "is of another torrent",
      change: () => encodeJournal([1, 2], { infoHash: "f".repeat(40), pieceCount: 9 }),
    },
    {
      title: "has another number of pieces",
      change: () => encodeJournal([1, 2], { infoHash: INFO_HASH, pieceCount: 10 }),
    },
    {
      title: "records a piece that does not exist",
      change: () => encodeJournal([9], { infoHash: INFO_HASH, pieceCount: 9 }),
    },
    {
      title: "is longer than any torrent needs",
      change: (journal: Buffer) => Buffer.concat([journal, Buffer.alloc(1_000_000)]),
    },
  ])("that $title is put aside, and the files are hashed", async ({ change }) => {
    const damaged = change(await readFile(bench.journalPath));
    expect(await piecesWith(damaged)).toEqual(SORTED);
    expect(Buffer.compare(await readFile(`${bench.journalPath}.corrupt`), damaged)).toBe(0);
    expect(decodeJournal(await readFile(bench.journalPath), TORRENT).isIntact).toBe(true);
  });

  it.each([
    { title: "is a folder", plant: (path: string) => mkdir(path) },
    { title: "is a link", plant: (path: string) => symlink("/etc/passwd", path) },
  ])("that $title is put aside, and the files are hashed", async ({ plant }) => {
    await rm(bench.journalPath);
    await plant(bench.journalPath);
    const store = await bench.open(TORRENT);
    expect(setBits(store.verified)).toEqual(SORTED);
  });

  it("that is missing is made anew from the files, as when a torrent was removed but its files kept", async () => {
    await rm(bench.path(".riptide"), { recursive: true });
    expect(setBits((await bench.open(TORRENT)).verified)).toEqual(SORTED);
  });

  it("takes no wrong byte for right while it hashes, and no hole", async () => {
    await overwrite(bench.path("a.mkv"), 3 * PIECE + 100, Buffer.from([1, 2, 3, 4]));
    expect(await piecesWith(Buffer.alloc(0))).toEqual([0, 5, 7]);
  });

  it("finds pieces that really are zeros while it hashes", async () => {
    const truth = sampleTorrent({
      pieceLengthBytes: PIECE,
      files: [["zeros.bin", 4 * PIECE]],
      bytes: new Uint8Array(4 * PIECE).fill(9, 3 * PIECE),
    });
    await rm(bench.torrentFolder, { recursive: true });
    await bench.download(truth, [0, 1, 3]);
    await rm(bench.journalPath);
    // Piece 2 was never written: a hole reads as the zeros it should be.
    expect(setBits((await bench.open(truth)).verified)).toEqual([0, 1, 2, 3]);
  });

  it("hashes pieces of several MiB, zeros in front of data and behind it", async () => {
    const long = 4 * 1024 * 1024;
    const bytes = new Uint8Array(3 * long + 5);
    bytes.set(createRandom(8).bytes(1000), long - 1000);
    bytes.set(createRandom(9).bytes(1000), long);
    bytes.fill(7, 3 * long);
    const truth = sampleTorrent({ pieceLengthBytes: long, files: [["film.mkv", bytes.length]], bytes });
    await rm(bench.torrentFolder, { recursive: true });
    await bench.download(truth, [0, 1, 3]);
    await rm(bench.journalPath);
    expect(setBits((await bench.open(truth)).verified)).toEqual([0, 1, 2, 3]);
  });

  it("keeps the journal out of the way when hashing is aborted, and hashes the next time", async () => {
    await rename(bench.journalPath, `${bench.journalPath}.lost`);
    const controller = new AbortController();
    const opening = bench.open(TORRENT, controller.signal);
    controller.abort();
    await expect(opening).rejects.toBe(controller.signal.reason);
    expect(existsSync(bench.journalPath)).toBe(false);
    expect(setBits((await bench.open(TORRENT)).verified)).toEqual(SORTED);
  });

  it("is believed record by record, whatever random bytes do to it", () => {
    const pieces = Array.from({ length: 50 }, (_, piece) => piece);
    const identity = { infoHash: INFO_HASH, pieceCount: 50 };
    const journal = encodeJournal(pieces, identity);
    const position = fc.integer({ min: HEADER_BYTES, max: journal.length - 1 });
    fc.assert(
      fc.property(fc.array(fc.tuple(position, fc.integer({ min: 1, max: 255 })), { maxLength: 20 }), (changes) => {
        const damaged = Uint8Array.from(journal);
        for (const [at, mask] of changes) damaged[at]! ^= mask;
        const untouched = pieces.filter((piece) => {
          const start = HEADER_BYTES + piece * RECORD_BYTES;
          return (
            Buffer.compare(
              damaged.subarray(start, start + RECORD_BYTES),
              journal.subarray(start, start + RECORD_BYTES),
            ) === 0
          );
        });
        const { pieces: believed, isIntact } = decodeJournal(damaged, identity);
        expect(believed).toEqual(untouched);
        expect(isIntact).toBe(untouched.length === pieces.length);
      }),
      { numRuns: 500 },
    );
  });
});
