import { existsSync, readdirSync, readlinkSync } from "node:fs";
import { mkdir, readdir, readFile, rm, stat, symlink, truncate, utimes, writeFile } from "node:fs/promises";
import { InvariantError } from "@riptide/core";
import { createRandom } from "@riptide/sim";
import * as fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openTorrentStore } from "../../src/storage/index.ts";
import { MAX_OPEN_FILES } from "../../src/storage/open-files.ts";
import { arrive, NEVER, StorageBench, sampleTorrent, setBits } from "./sample-torrent.ts";

const KIB = 1024;
const PIECE = 16 * KIB;

/** Ten pieces: files that share pieces, folders, padding in the middle of a piece, empty files at three places. */
const TORRENT = sampleTorrent({
  pieceLengthBytes: PIECE,
  files: [
    ["empty-first.txt", 0],
    ["film.mkv", 5 * PIECE + 100],
    ["extras/poster.jpg", 3000],
    ["extras/deep/empty.nfo", 0],
    [".pad/4", PIECE - 3100],
    ["extras/trailer.mp4", 3 * PIECE + 7],
    ["notes.txt", 20],
    ["empty-last.txt", 0],
  ],
});
const ALL = Array.from({ length: TORRENT.pieceCount }, (_, piece) => piece);

let bench: StorageBench;
beforeEach(async () => {
  bench = await StorageBench.create();
});
afterEach(() => bench.dispose());

describe("the files of a torrent store", () => {
  it("are not there before a piece of theirs is written", async () => {
    const store = await bench.open(TORRENT);
    expect(existsSync(bench.torrentFolder)).toBe(false);
    await arrive(store, TORRENT, [0]);
    expect(readdirSync(bench.torrentFolder).sort()).toEqual([".riptide", "empty-first.txt", "film.mkv"]);
  });

  it("hold the torrent's bytes once all pieces are written, in any order", async () => {
    await bench.download(TORRENT, createRandom(3).shuffle(ALL));
    for (const file of TORRENT.files.filter(({ isPadding }) => !isPadding)) {
      expect(Buffer.compare(await readFile(bench.path(...file.diskPath)), TORRENT.fileBytes(file.index))).toBe(0);
    }
    expect(existsSync(bench.path(".pad"))).toBe(false);
  });

  it("have their full length at once, and no blocks where nothing was written", async () => {
    const film = sampleTorrent({ pieceLengthBytes: PIECE, files: [["film.mkv", 64 * PIECE]] });
    const store = await bench.open(film);
    await arrive(store, film, [63]);
    await store.sync();
    const { size, blocks } = await stat(store.filePath(0));
    expect(size).toBe(64 * PIECE);
    expect(blocks * 512).toBeLessThanOrEqual(4 * PIECE);
  });

  it("are open a few at a time, however many a torrent has", async () => {
    const files = Array.from({ length: 300 }, (_, index) => [`part-${index}`, 500] as const);
    const torrent = sampleTorrent({ pieceLengthBytes: PIECE, files });
    const store = await bench.open(torrent);
    await arrive(
      store,
      torrent,
      Array.from({ length: torrent.pieceCount }, (_, piece) => piece),
    );
    const whole = await store.read(0, torrent.sizeBytes, { signal: NEVER });
    expect(Buffer.compare(whole, torrent.bytes)).toBe(0);
    // And the list of what is not synced yet.
    expect(openFilesBelow(bench.torrentFolder)).toBe(MAX_OPEN_FILES + 1);
    await store.sync();
    await store.close();
    expect(openFilesBelow(bench.torrentFolder)).toBe(0);
  });
});

describe("reading from a torrent store", () => {
  it("gives any range of verified pieces, padding as zeros", async () => {
    const store = await bench.open(TORRENT);
    await arrive(store, TORRENT, ALL);
    const offset = fc.integer({ min: 0, max: TORRENT.sizeBytes });
    await fc.assert(
      fc.asyncProperty(offset, offset, async (left, right) => {
        const [start, end] = [Math.min(left, right), Math.max(left, right)];
        const bytes = await store.read(start, end - start, { signal: NEVER });
        expect(Buffer.compare(bytes, TORRENT.bytes.subarray(start, end))).toBe(0);
      }),
      { numRuns: 100 },
    );
  });

  it("gives bytes that belong to the caller", async () => {
    const store = await bench.open(TORRENT);
    await arrive(store, TORRENT, [0]);
    (await store.read(0, 100, { signal: NEVER })).fill(0);
    expect(Buffer.compare(await store.read(0, 100, { signal: NEVER }), TORRENT.bytes.subarray(0, 100))).toBe(0);
  });

  it.each([
    { title: "of a piece that was never written", offset: 5 * PIECE, length: 1 },
    { title: "of a piece that was written but not verified", offset: PIECE, length: 1 },
    { title: "that begins verified and goes on unverified", offset: 0, length: PIECE + 1 },
    { title: "past the end of the torrent", offset: 9 * PIECE, length: 2 * PIECE },
  ])("fails for a range $title", async ({ offset, length }) => {
    const store = await bench.open(TORRENT);
    await arrive(store, TORRENT, [0, 9]);
    await store.write(1, TORRENT.pieceBytes(1));
    const read = async (): Promise<Uint8Array> => store.read(offset, length, { signal: NEVER });
    await expect(read()).rejects.toMatchObject({ name: "StreamError", code: "storage_failed" });
  });

  it("is a bug at no place at all", async () => {
    const store = await bench.open(TORRENT);
    await expect(store.read(Number.NaN, 1, { signal: NEVER })).rejects.toBeInstanceOf(InvariantError);
  });

  it("rejects with the reason of an aborted signal", async () => {
    const store = await bench.open(TORRENT);
    await arrive(store, TORRENT, [0]);
    const reason = new Error("the peer left");
    await expect(store.read(0, 10, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });

  it("says storage_failed, not zeros, when a file was taken away", async () => {
    await bench.download(TORRENT, [0]);
    const store = await bench.open(TORRENT);
    await rm(bench.path("film.mkv"));
    await expect(store.read(0, 10, { signal: NEVER })).rejects.toMatchObject({ code: "storage_failed" });
    const rewritten = store.write(1, TORRENT.pieceBytes(1));
    await expect(rewritten).rejects.toMatchObject({ name: "StreamError", code: "storage_failed" });
    expect(existsSync(bench.path("film.mkv"))).toBe(false);
  });
});

describe("writing to a torrent store", () => {
  it.each([
    { title: "a piece that does not exist", piece: 10, lengthBytes: PIECE },
    { title: "half a piece", piece: 0, lengthBytes: PIECE / 2 },
    { title: "a last piece of full length", piece: 9, lengthBytes: PIECE },
  ])("is a bug for $title", async ({ piece, lengthBytes }) => {
    const store = await bench.open(TORRENT);
    const write = async (): Promise<void> => store.write(piece, new Uint8Array(lengthBytes));
    await expect(write()).rejects.toBeInstanceOf(InvariantError);
  });

  it("writes nothing when its signal is aborted already", async () => {
    const store = await bench.open(TORRENT);
    const reason = new Error("shutting down");
    const write = store.write(0, TORRENT.pieceBytes(0), { signal: AbortSignal.abort(reason) });
    await expect(write).rejects.toBe(reason);
    expect(existsSync(bench.path("film.mkv"))).toBe(false);
  });

  it.each([
    { title: "the torrent's own folder", planted: [] },
    { title: "the state folder", planted: [".riptide"] },
  ])("is refused from the start where $title is a link", async ({ planted }) => {
    const victim = `${bench.data}/victim`;
    await mkdir(victim);
    if (planted.length > 0) await mkdir(bench.torrentFolder);
    await symlink(victim, bench.path(...planted));
    await expect(bench.open(TORRENT)).rejects.toMatchObject({ name: "StreamError", code: "storage_failed" });
    expect(readdirSync(victim)).toEqual([]);
  });

  it.each([
    { title: "a folder on the way is a link", planted: ["extras"], victim: "folder" },
    { title: "a folder further down is a link", planted: ["extras", "deep"], victim: "folder" },
    { title: "a folder on the way is a file", planted: ["extras"], victim: "file" },
    { title: "a file is a link to a file", planted: ["extras", "poster.jpg"], victim: "link" },
    { title: "a file is a link to nothing", planted: ["extras", "poster.jpg"], victim: "nothing" },
    { title: "a file is a folder", planted: ["extras", "poster.jpg"], victim: "a folder" },
  ])("is refused where $title, and nothing outside is touched", async ({ planted, victim }) => {
    const outside = `${bench.data}/outside`;
    await mkdir(outside);
    await writeFile(`${outside}/passwd`, "root");
    const store = await bench.open(TORRENT);
    await mkdir(bench.path(...planted.slice(0, -1)), { recursive: true });
    const path = bench.path(...planted);
    if (victim === "folder") await symlink(outside, path);
    else if (victim === "file") await writeFile(path, "");
    else if (victim === "a folder") await mkdir(path);
    else await symlink(victim === "link" ? `${outside}/passwd` : `${outside}/new`, path);
    // Piece 5 holds the end of the film, the poster and the empty file two folders down.
    await expect(store.write(5, TORRENT.pieceBytes(5))).rejects.toMatchObject({ code: "storage_failed" });
    expect(readdirSync(outside)).toEqual(["passwd"]);
    expect(await readFile(`${outside}/passwd`, "utf8")).toBe("root");
    await arrive(store, TORRENT, [0]);
    expect((await store.read(0, 10, { signal: NEVER })).length).toBe(10);
  });

  it("says storage_failed when the data folder has gone", async () => {
    await rm(bench.data, { recursive: true });
    await expect(bench.open(TORRENT)).rejects.toMatchObject({ code: "storage_failed", cause: { code: "ENOENT" } });
  });
});

describe("a torrent store that is opened again", () => {
  it("has the pieces that were synced, and reads them", async () => {
    await bench.download(TORRENT, [0, 3, 5, 9]);
    const store = await bench.open(TORRENT);
    expect(setBits(store.verified)).toEqual([0, 3, 5, 9]);
    const bytes = await store.read(5 * PIECE, PIECE, { signal: NEVER });
    expect(Buffer.compare(bytes, TORRENT.pieceBytes(5))).toBe(0);
  });

  it("adds to what was synced before, over several lives", async () => {
    for (const piece of createRandom(5).shuffle(ALL)) await bench.download(TORRENT, [piece]);
    expect(setBits((await bench.open(TORRENT)).verified)).toEqual(ALL);
  });

  it("has pieces that were written and never synced, if they are right", async () => {
    const store = await bench.open(TORRENT);
    await arrive(store, TORRENT, [1, 7]);
    await store.sync();
    await arrive(store, TORRENT, [2, 0]);
    await store.write(3, new Uint8Array(PIECE));
    await store.close();
    let checked = 0;
    const options = { directory: bench.torrentFolder, metainfo: TORRENT, signal: NEVER };
    const again = await openTorrentStore({ ...options, pieceChecked: () => (checked += 1) });
    expect([setBits(again.verified), checked]).toEqual([[0, 1, 2, 7], 3]);
    await again.close();
    // They are recorded now, and nothing of it is left behind.
    expect(setBits((await bench.open(TORRENT)).verified)).toEqual([0, 1, 2, 7]);
    expect((await readdir(bench.path(".riptide"))).sort()).toEqual(["verified"]);
  });

  it.each([
    ["is cut off", (bytes: Buffer) => bytes.subarray(0, 6), [1, 2]],
    ["is zeros", (bytes: Buffer) => Buffer.alloc(bytes.length), [1]],
    ["names pieces that there are not", () => Buffer.from([0xff, 0xff, 0xff, 0xfe, 0, 0, 0, 3]), [1, 3]],
    ["begins with its end", (bytes: Buffer) => Buffer.concat([Buffer.alloc(4, 0xff), bytes]), [1]],
    ["is too long", (bytes: Buffer) => Buffer.concat([bytes, Buffer.alloc(262_144)]), [1]],
  ])("believes nothing of the list of those that %s", async (_what, change, verified) => {
    const store = await bench.open(TORRENT);
    await arrive(store, TORRENT, [1]);
    await store.sync();
    await arrive(store, TORRENT, [2, 3]);
    await store.close();
    const path = bench.path(".riptide", "unsynced");
    await writeFile(path, change(await readFile(path)));
    expect(setBits((await bench.open(TORRENT)).verified)).toEqual(verified);
  });

  it("records a piece once, however often it is marked", async () => {
    const store = await bench.open(TORRENT);
    await arrive(store, TORRENT, [1, 1]);
    store.markVerified(1);
    await Promise.all([store.sync(), store.sync()]);
    const { size } = await stat(bench.journalPath);
    await store.sync();
    expect((await stat(bench.journalPath)).size).toBe(size);
    expect(size).toBe(40 + 8);
  });

  it.each([
    { title: "is missing", change: (path: string) => rm(path) },
    { title: "is shorter", change: (path: string) => truncate(path, 1000) },
    { title: "is longer", change: (path: string) => truncate(path, 2999 + PIECE) },
  ])("drops the pieces of a file that $title, for good", async ({ change }) => {
    await bench.download(TORRENT, ALL);
    // Alone in piece 5, together with the end of the film and with padding.
    await change(bench.path("extras", "poster.jpg"));
    const kept = ALL.filter((piece) => piece !== 5);
    const store = await bench.open(TORRENT);
    expect(setBits(store.verified)).toEqual(kept);
    // The file gets its length back, all holes: nobody may take it for what it was.
    await store.write(5, new Uint8Array(PIECE));
    await store.close();
    expect(setBits((await bench.open(TORRENT)).verified)).toEqual(kept);
  });

  it("hashes the pieces of a file that somebody touched in the meantime, and keeps those that are right", async () => {
    await bench.download(TORRENT, ALL);
    const film = bench.path("film.mkv");
    const damaged = await readFile(film);
    damaged[2 * PIECE + 5]! ^= 1;
    await writeFile(film, damaged);
    await utimes(film, new Date(), new Date(Date.now() + 5000));
    const right = ALL.filter((piece) => piece !== 2);
    const store = await bench.open(TORRENT);
    expect(setBits(store.verified)).toEqual(right);
    await store.close();
    expect(setBits((await bench.open(TORRENT)).verified)).toEqual(right);
  });

  it("is refused while a file of it is a link", async () => {
    await bench.download(TORRENT, ALL);
    await rm(bench.path("notes.txt"));
    await symlink("/etc/hostname", bench.path("notes.txt"));
    await expect(bench.open(TORRENT)).rejects.toMatchObject({ code: "storage_failed" });
  });

  it("rejects with the signal's reason when opening is aborted", async () => {
    const reason = new Error("removed in the meantime");
    await expect(bench.open(TORRENT, AbortSignal.abort(reason))).rejects.toBe(reason);
  });
});

function openFilesBelow(folder: string): number {
  const targets = readdirSync("/proc/self/fd").flatMap((fd) => {
    try {
      return [readlinkSync(`/proc/self/fd/${fd}`)];
    } catch {
      // The descriptor of the listing itself.
      return [];
    }
  });
  return targets.filter((target) => target.startsWith(folder)).length;
}
