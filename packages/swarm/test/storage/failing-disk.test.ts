import { open, readFile } from "node:fs/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { PartialPiece } from "../../src/download/index.ts";
import { storageError, writeFully } from "../../src/storage/index.ts";
import { type FileFaults, injectFileFaults, systemError } from "./file-faults.ts";
import { arrive, NEVER, StorageBench, sampleTorrent, setBits } from "./sample-torrent.ts";

const PIECE = 16 * 1024;
const TORRENT = sampleTorrent({
  pieceLengthBytes: PIECE,
  files: [
    ["a.mkv", 2 * PIECE],
    ["sub/b.mkv", 2 * PIECE + 10],
    ["c.mkv", 2 * PIECE],
  ],
});

let bench: StorageBench;
let faults: FileFaults;
beforeEach(async () => {
  bench = await StorageBench.create();
  faults = await injectFileFaults();
});
afterEach(async () => {
  faults.restore();
  await bench.dispose();
});

/** Lets the named call fail so many times. */
function failTimes(times: number, call: string, code: string): void {
  let left = times;
  faults.before = (entry) => {
    if (entry !== call || left === 0) return;
    left -= 1;
    throw systemError(code);
  };
}

describe("syncing", () => {
  it("makes data durable before the record of it: files of the marked pieces, new names, then the journal", async () => {
    await bench.download(TORRENT, [0]);
    const store = await bench.open(TORRENT);
    await store.write(5, TORRENT.pieceBytes(5));
    await arrive(store, TORRENT, [1, 2]);
    faults.log.length = 0;
    await store.sync();
    const log = faults.log.filter((entry) => entry !== "write unsynced");
    const [data, names, journal] = [log.slice(0, 2), log.slice(2, -2), log.slice(-2)];
    expect(data).toEqual(["datasync a.mkv", "datasync b.mkv"]);
    expect(new Set(names)).toEqual(new Set(["sync sub", `sync ${TORRENT.infoHash}`]));
    expect(journal).toEqual(["write verified", "datasync verified"]);
  });

  it("does nothing at all when no piece was marked", async () => {
    const store = await bench.open(TORRENT);
    await store.write(0, TORRENT.pieceBytes(0));
    faults.log.length = 0;
    await store.sync();
    expect(faults.log).toEqual([]);
  });

  it("writes no record of pieces whose data could not be made durable, not even later", async () => {
    const store = await bench.open(TORRENT);
    await arrive(store, TORRENT, [0, 2]);
    failTimes(1, "datasync b.mkv", "EIO");
    await expect(store.sync()).rejects.toMatchObject({ code: "storage_failed", cause: { code: "EIO" } });
    await arrive(store, TORRENT, [4]);
    await store.sync();
    expect((await store.read(0, PIECE, { signal: NEVER })).length).toBe(PIECE);
    await store.close();
    expect(setBits((await bench.open(TORRENT)).verified)).toEqual([4]);
  });

  it.each(["write verified", "datasync verified"])("tries again to record pieces after `%s` failed", async (call) => {
    await bench.download(TORRENT, [4]);
    const store = await bench.open(TORRENT);
    await arrive(store, TORRENT, [0, 2]);
    failTimes(2, call, "ENOSPC");
    await expect(store.sync()).rejects.toMatchObject({ code: "disk_full" });
    await expect(store.sync()).rejects.toMatchObject({ code: "disk_full" });
    await arrive(store, TORRENT, [1]);
    await store.sync();
    await store.close();
    expect(setBits((await bench.open(TORRENT)).verified)).toEqual([0, 1, 2, 4]);
  });

  it("leaves a journal that is whole after a record was cut short by a full disk", async () => {
    await bench.download(TORRENT, [4]);
    const store = await bench.open(TORRENT);
    await arrive(store, TORRENT, [0, 2]);
    faults.maxWriteBytes = 5;
    let writes = 0;
    faults.before = (entry) => {
      if (entry === "write verified" && (writes += 1) === 3) throw systemError("ENOSPC");
    };
    await expect(store.sync()).rejects.toMatchObject({ code: "disk_full" });
    await store.sync();
    await store.close();
    expect((await readFile(bench.journalPath)).length).toBe(40 + 3 * 8);
    expect(setBits((await bench.open(TORRENT)).verified)).toEqual([0, 2, 4]);
  });
});

describe("a disk that is full", () => {
  it("fails a write as disk_full, harms nothing, and takes the piece again once there is room", async () => {
    const store = await bench.open(TORRENT);
    await arrive(store, TORRENT, [0]);
    failTimes(2, "write b.mkv", "ENOSPC");
    for (let attempt = 0; attempt < 2; attempt += 1) {
      const write = store.write(2, TORRENT.pieceBytes(2));
      await expect(write).rejects.toMatchObject({ name: "StreamError", code: "disk_full", cause: { code: "ENOSPC" } });
    }
    expect((await store.read(0, PIECE, { signal: NEVER })).length).toBe(PIECE);
    await arrive(store, TORRENT, [2]);
    await store.sync();
    await store.close();
    expect(setBits((await bench.open(TORRENT)).verified)).toEqual([0, 2]);
  });

  it("keeps what was saved before when a file cannot be replaced", async () => {
    const store = await bench.open(TORRENT);
    await store.savePartials(loose(1));
    failTimes(1, "write partials.tmp", "ENOSPC");
    await expect(store.savePartials(loose(2))).rejects.toMatchObject({ code: "disk_full" });
    expect(await store.loadPartials()).toEqual(loose(1));
    await expect(readFile(bench.path(".riptide", "partials.tmp"))).rejects.toMatchObject({ code: "ENOENT" });
  });

  it("is what the kernel says of a device without room", async () => {
    const full = await open("/dev/full", "w");
    const error = await writeFully(full, new Uint8Array(10), 0).catch(storageError);
    await full.close();
    expect(error).toMatchObject({ code: "disk_full", cause: { code: "ENOSPC" } });
  });
});

describe("a disk that takes little at a time", () => {
  it("still gets every byte, and gives every byte", async () => {
    faults.maxWriteBytes = 777;
    await bench.download(TORRENT, [0, 1, 2, 3, 4, 5, 6]);
    const store = await bench.open(TORRENT);
    expect(Buffer.compare(await store.read(0, TORRENT.sizeBytes, { signal: NEVER }), TORRENT.bytes)).toBe(0);
  });

  it("fails when it takes nothing", async () => {
    const store = await bench.open(TORRENT);
    faults.maxWriteBytes = 0;
    await expect(store.write(0, TORRENT.pieceBytes(0))).rejects.toMatchObject({ code: "storage_failed" });
  });
});

describe("what a failed call means to a user", () => {
  it.each([
    { system: "ENOSPC", code: "disk_full", says: /Free some space/ },
    { system: "EDQUOT", code: "disk_full", says: /Free some space/ },
    { system: "EROFS", code: "storage_failed", says: /permission/ },
    { system: "EACCES", code: "storage_failed", says: /permission/ },
    { system: "ELOOP", code: "storage_failed", says: /link/ },
    { system: "EMFILE", code: "storage_failed", says: /ulimit/ },
    { system: "EFBIG", code: "storage_failed", says: /another disk/ },
    { system: "ENOENT", code: "storage_failed", says: /Start Riptide again/ },
    { system: "EIO", code: "storage_failed", says: /Check the disk/ },
    { system: "toString", code: "storage_failed", says: /Check the disk/ },
  ])("is $code for $system, with the cause kept and no path in the message", ({ system, code, says }) => {
    const cause = systemError(system);
    const error = storageError(cause);
    expect(error).toMatchObject({ name: "StreamError", code, cause });
    expect(error.message).toMatch(says);
    expect(error.message).not.toMatch(/\//);
  });

  it("is left alone if it was told already", () => {
    const error = storageError(systemError("EIO"));
    expect(storageError(error)).toBe(error);
  });
});

/** One block of a piece, filled with one number. */
function loose(fill: number): PartialPiece[] {
  return [{ piece: 3, blocks: Uint8Array.of(0x80), bytes: new Uint8Array(PIECE).fill(fill) }];
}
