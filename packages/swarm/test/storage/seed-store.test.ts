import { mkdir, readFile, stat, truncate, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openSeedStore } from "../../src/storage/index.ts";
import { NEVER, StorageBench, sampleTorrent, setBits } from "./sample-torrent.ts";

const TORRENT = sampleTorrent({
  pieceLengthBytes: 16 * 1024,
  files: [
    ["film.mkv", 50_000],
    [".pad/1", 15_536],
    ["subs/film.srt", 1234],
    ["empty.txt", 0],
  ],
});

let bench: StorageBench;
let paths: string[];
beforeEach(async () => {
  bench = await StorageBench.create();
  paths = TORRENT.files.map(({ diskPath, isPadding }) =>
    isPadding ? "/nowhere" : `${bench.data}/${diskPath.join("/")}`,
  );
  for (const { index, isPadding } of TORRENT.files) {
    if (isPadding) continue;
    await mkdir(dirname(paths[index]!), { recursive: true });
    await writeFile(paths[index]!, TORRENT.fileBytes(index));
  }
});
afterEach(() => bench.dispose());

describe("a store of complete files", () => {
  it("has every piece, and reads across files and padding", async () => {
    const store = await openSeedStore({ metainfo: TORRENT, paths });
    expect(setBits(store.verified)).toEqual(Array.from({ length: TORRENT.pieceCount }, (_, piece) => piece));
    expect(Buffer.compare(await store.read(0, TORRENT.sizeBytes, { signal: NEVER }), TORRENT.bytes)).toBe(0);
    expect(store.filePath(2)).toBe(paths[2]);
    await store.close();
  });

  it("refuses to be written, and leaves the files as they are", async () => {
    const store = await openSeedStore({ metainfo: TORRENT, paths });
    await expect(store.write(0, new Uint8Array(16 * 1024))).rejects.toMatchObject({ code: "storage_failed" });
    store.markVerified(0);
    await store.sync();
    await store.savePartials([]);
    expect(await store.loadPartials()).toEqual([]);
    await store.close();
    expect(Buffer.compare(await readFile(paths[0]!), TORRENT.fileBytes(0))).toBe(0);
  });

  it("needs no permission to write", async () => {
    const store = await openSeedStore({
      metainfo: { ...TORRENT, files: [{ ...TORRENT.files[0]!, lengthBytes: (await stat(process.execPath)).size }] },
      paths: [process.execPath],
    });
    expect([...(await store.read(0, 4, { signal: NEVER }))]).toEqual([0x7f, 0x45, 0x4c, 0x46]);
    await store.close();
  });

  it("rejects with storage_failed when a file is shorter than it was when the store was opened", async () => {
    const store = await openSeedStore({ metainfo: TORRENT, paths });
    await truncate(paths[0]!, 40_000);
    await expect(store.read(39_990, 20, { signal: NEVER })).rejects.toMatchObject({ code: "storage_failed" });
    expect((await store.read(0, 100, { signal: NEVER })).length).toBe(100);
    await store.close();
  });

  it("rejects with the reason of an aborted signal", async () => {
    const store = await openSeedStore({ metainfo: TORRENT, paths });
    const reason = new Error("the peer left");
    await expect(store.read(0, 10, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    await store.close();
  });

  it.each([
    { title: "a file is missing", change: (path: string) => ({ path: `${path}.gone` }) },
    { title: "a file has another length", change: (path: string) => ({ path, length: 49_999 }) },
    { title: "a file is a folder", change: (path: string) => ({ path: dirname(path) }) },
    { title: "a path is missing", change: () => ({ path: undefined }) },
  ])("is not opened where $title", async ({ change }) => {
    const { path, length } = { length: undefined, ...change(paths[0]!) };
    if (length !== undefined) await truncate(paths[0]!, length);
    const changed = path === undefined ? [] : [path, ...paths.slice(1)];
    const opening = openSeedStore({ metainfo: TORRENT, paths: changed });
    await expect(opening).rejects.toMatchObject({ name: "StreamError", code: "storage_failed" });
  });
});
