import { mkdir, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { InvariantError } from "@riptide/core";
import * as fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Library, openLibrary, type StoredTorrent } from "../../src/storage/index.ts";
import { StorageBench } from "./sample-torrent.ts";

const HASH = "0".repeat(39) + "a";
const TORRENT: StoredTorrent = {
  infoHash: HASH,
  infoBytes: undefined,
  trackers: [],
  peers: [],
  provenPeers: [],
  displayName: undefined,
  addedAtMs: 1_600_000_000_000,
};
const NOTE = Buffer.from('{"a":"film"}');

let bench: StorageBench;
let data: string;
let library: Library;
beforeEach(async () => {
  bench = await StorageBench.create();
  data = join(bench.data, "data");
  library = await openLibrary(data);
  await library.save(TORRENT);
});
afterEach(async () => {
  await library.close();
  await bench.dispose();
});

const pathOf = (name: string) => join(data, HASH, ".riptide", "notes", name);

async function reopen(): Promise<void> {
  await library.close();
  library = await openLibrary(data);
}

const read = async (name = "info-0") => {
  const bytes = await library.readNote(HASH, name);
  return bytes && Buffer.from(bytes);
};

describe("A note", () => {
  it("is there after a restart, by its name, as it was written last", async () => {
    expect(await read()).toBeUndefined();
    await library.writeNote(HASH, "info-0", Buffer.from("first"));
    await library.writeNote(HASH, "info-0", NOTE);
    await library.writeNote(HASH, "film-12", new Uint8Array(0));
    await reopen();
    expect(await read()).toEqual(NOTE);
    expect(await read("film-12")).toEqual(Buffer.alloc(0));
    expect(await read("film-1")).toBeUndefined();
    expect((await readdir(join(data, HASH, ".riptide", "notes"))).sort()).toEqual(["film-12", "info-0"]);
  });

  it.each([true, false])("goes with its torrent (data deleted: %s)", async (deleteData) => {
    await library.writeNote(HASH, "info-0", NOTE);
    await library.remove(HASH, { deleteData });
    expect(await read()).toBeUndefined();
    expect(await readdir(data)).toEqual([".riptide.lock"]);
    await library.save(TORRENT);
    expect(await read()).toBeUndefined();
  });

  it("of a torrent that is not stored, or is being removed, is not kept", async () => {
    const other = "b".repeat(40);
    await library.writeNote(other, "info-0", NOTE);
    expect(await library.readNote(other, "info-0")).toBeUndefined();
    const removed = library.remove(HASH, { deleteData: false });
    await Promise.all([removed, library.writeNote(HASH, "info-0", NOTE)]);
    expect(await readdir(data)).toEqual([".riptide.lock"]);
  });

  it("that is longer than 8 MiB is not kept", async () => {
    await library.writeNote(HASH, "info-0", new Uint8Array(8 * 1024 * 1024 + 1));
    expect(await read()).toBeUndefined();
    await library.writeNote(HASH, "info-0", new Uint8Array(8 * 1024 * 1024));
    expect((await read())?.length).toBe(8 * 1024 * 1024);
  });

  it.each(["../info-0", "info", "info-", "info-0.json", "INFO-0", "-0", ""])("is not named %j", async (name) => {
    await expect(library.readNote(HASH, name)).rejects.toBeInstanceOf(InvariantError);
    await expect(library.writeNote(HASH, name, NOTE)).rejects.toBeInstanceOf(InvariantError);
  });

  it("is not written through a link, nor read through one", async () => {
    const elsewhere = join(bench.data, "elsewhere");
    await mkdir(elsewhere);
    await symlink(elsewhere, join(data, HASH, ".riptide", "notes"));
    await expect(library.writeNote(HASH, "info-0", NOTE)).rejects.toMatchObject({ code: "storage_failed" });
    expect(await readdir(elsewhere)).toEqual([]);
    await rm(join(data, HASH, ".riptide", "notes"));
    await library.writeNote(HASH, "info-0", NOTE);
    await symlink(pathOf("info-0"), pathOf("info-1"));
    expect(await read("info-1")).toBeUndefined();
  });
});

describe("A note that is not as it was written", () => {
  it("is none: cut off anywhere, with any bit flipped, or with something behind it", async () => {
    await library.writeNote(HASH, "info-0", NOTE);
    const whole = await readFile(pathOf("info-0"));
    for (let length = 0; length < whole.length; length += 1) {
      await writeFile(pathOf("info-0"), whole.subarray(0, length));
      expect(await read(), `${length} bytes`).toBeUndefined();
    }
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: whole.length * 8 - 1 }), async (bit) => {
        const flipped = Buffer.from(whole);
        flipped[bit >> 3]! ^= 1 << (bit & 7);
        await writeFile(pathOf("info-0"), flipped);
        expect(await read()).toBeUndefined();
      }),
      { numRuns: 60 },
    );
    await writeFile(pathOf("info-0"), Buffer.concat([whole, Buffer.from("x")]));
    expect(await read()).toBeUndefined();
    await library.writeNote(HASH, "info-0", NOTE);
    expect(await read()).toEqual(NOTE);
  });
});
