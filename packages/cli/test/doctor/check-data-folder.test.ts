import { readdir, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { StreamError } from "@riptide/core";
import { afterEach, beforeEach, expect, test } from "vitest";
import { checkDataFolder, type Disk, newestFileMs, REAL_DISK } from "../../src/doctor/check-data-folder.ts";
import { makeTemporaryFolder, type TemporaryFolder } from "../../src/temporary-folder.ts";

const GIB = 1024 ** 3;
/** As most disks are. */
const GOOD_DISK: Disk = {
  freeBytes: () => Promise.resolve(100 * GIB),
  sparseFileBytes: () => Promise.resolve(0),
  punchHole: () => Promise.resolve(),
};
let folder: TemporaryFolder;
beforeEach(async () => {
  folder = await makeTemporaryFolder("riptide-test-doctor-");
});
afterEach(() => folder[Symbol.asyncDispose]());

/** What is found, by what was looked at. */
async function examine(disk: Partial<Disk>, { hasMaxDisk = false, path = folder.path } = {}) {
  const findings = await checkDataFolder(path, { disk: { ...GOOD_DISK, ...disk }, hasMaxDisk });
  return Object.fromEntries(findings.map(({ check, status, message }) => [check, { status, message }]));
}

test("a folder that is there, and one that is not, are fine, and nothing is left in them", async () => {
  for (const path of [folder.path, join(folder.path, "a", "b")]) {
    const found = await examine(REAL_DISK, { path });
    expect(Object.keys(found)).toEqual(["data-folder", "free-space", "sparse-files", "hole-punching"]);
    expect(found["data-folder"]).toMatchObject({ status: "ok" });
  }
  expect(await readdir(folder.path)).toEqual([]);
});

test("a file in its place is a failure", async () => {
  await writeFile(join(folder.path, "file"), "");
  for (const path of [join(folder.path, "file"), join(folder.path, "file", "below")]) {
    const found = await examine(REAL_DISK, { path });
    expect(found["data-folder"]).toEqual({
      status: "fail",
      message: `The data folder ${path} is a file, or lies in one. Choose another folder with --data-dir.`,
    });
  }
});

test("a folder that cannot be written is a failure with its reason", async () => {
  const refused = Object.assign(new Error("refused"), { code: "EROFS" });
  const found = await examine({ sparseFileBytes: () => Promise.reject(refused) });
  expect(found).toEqual({
    "data-folder": { status: "fail", message: expect.stringMatching(/\(EROFS\)\. Give this user the permission/) },
  });
});

test.each([
  [100 * GIB, "ok", "102400 MiB are free for torrents."],
  [GIB, "warn", "1024 MiB are free for torrents: a film takes more. Free some, or bound what is kept with --max-disk."],
  [10 * 1024 ** 2, "fail", "10 MiB are free for torrents: free some, or choose another disk with --data-dir."],
])("%d bytes that are free are %s", async (freeBytes, status, message) => {
  const found = await examine({ freeBytes: () => Promise.resolve(freeBytes) });
  expect(found["free-space"]).toEqual({ status, message });
});

test("a disk without sparse files is told to be left", async () => {
  const found = await examine({ sparseFileBytes: () => Promise.resolve(64 * 1024 ** 2) });
  expect(found["sparse-files"]).toMatchObject({ status: "warn", message: expect.stringContaining("--data-dir") });
});

test("a disk without holes matters where --max-disk is wanted", async () => {
  const punchHole = cannotPunch;
  expect((await examine({ punchHole }))["hole-punching"]).toEqual({
    status: "warn",
    message: "--max-disk cannot be used here. No fallocate.",
  });
  const wanted = await examine({ punchHole }, { hasMaxDisk: true });
  expect(wanted["hole-punching"]).toEqual({ status: "fail", message: "No fallocate." });
  const full = await examine({ punchHole: cannotTell }, { hasMaxDisk: true });
  expect(full["hole-punching"]).toMatchObject({ status: "warn" });
});

test("the newest file of a folder is known, and none of one that is empty or not there", async () => {
  expect(await newestFileMs(folder.path)).toBeUndefined();
  expect(await newestFileMs(join(folder.path, "nowhere"))).toBeUndefined();
  for (const [name, seconds] of [["a", 1_000] as const, ["b", 5_000] as const]) {
    await writeFile(join(folder.path, name), "");
    await utimes(join(folder.path, name), seconds, seconds);
  }
  expect(await newestFileMs(folder.path)).toBe(5_000_000);
});

function cannotPunch(): Promise<void> {
  return Promise.reject(new StreamError("storage_failed", "No fallocate."));
}

function cannotTell(): Promise<void> {
  return Promise.reject(new StreamError("disk_full", "The disk is full."));
}
