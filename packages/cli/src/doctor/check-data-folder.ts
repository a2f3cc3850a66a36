import { randomUUID } from "node:crypto";
import { open, readdir, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { RiptideError } from "@riptide/core";
import { checkHolePunching, freeSpaceBytes } from "@riptide/swarm";
import { type Finding, fail, ok, warn } from "./finding.ts";

/** Two of the largest common pieces and a film's index: with less nothing plays. */
const FREE_MIN_BYTES = 64 * 1024 ** 2;
/** A film in good quality. */
const FREE_ADVISED_BYTES = 4 * 1024 ** 3;
const PROBE_BYTES = 64 * 1024 ** 2;
/** What a sparse file of that length may take on any disk. */
const PROBE_MAX_BYTES = 4 * 1024 ** 2;
/** stat(2): blocks are counted in these, whatever the disk has. */
const STAT_BLOCK_BYTES = 512;

/** What the disk is asked. */
export interface Disk {
  freeBytes(folder: string): Promise<number>;
  /** Bytes that a file takes which is long and empty; rejects if none can be made. */
  sparseFileBytes(folder: string): Promise<number>;
  /** Rejects with a `RiptideError` if it cannot. */
  punchHole(folder: string): Promise<void>;
}

export const REAL_DISK: Disk = {
  freeBytes: freeSpaceBytes,
  async sparseFileBytes(folder) {
    const path = join(folder, `.riptide.${randomUUID()}.tmp`);
    const file = await open(path, "wx", 0o600);
    try {
      await file.truncate(PROBE_BYTES);
      return (await file.stat()).blocks * STAT_BLOCK_BYTES;
    } finally {
      await file.close();
      await rm(path, { force: true });
    }
  },
  punchHole: checkHolePunching,
};

/**
 * Whether torrents can be kept in the folder. Nothing is left in it; where it is not there yet, the one that it would be made
 * in is looked at.
 */
export async function checkDataFolder(
  dataDirectory: string,
  { disk, hasMaxDisk }: { readonly disk: Disk; readonly hasMaxDisk: boolean },
): Promise<Finding[]> {
  const folder = await nearestFolder(dataDirectory);
  if (folder === undefined) {
    const advice = "Choose another folder with --data-dir.";
    return [fail("data-folder", `The data folder ${dataDirectory} is a file, or lies in one. ${advice}`)];
  }
  const sparseBytes = await disk.sparseFileBytes(folder).catch((error: unknown) => {
    if (isSystemError(error)) return error.code;
    throw error;
  });
  if (typeof sparseBytes === "string") {
    const advice = "Give this user the permission, or choose another folder with --data-dir.";
    return [fail("data-folder", `Nothing can be written to the data folder ${folder} (${sparseBytes}). ${advice}`)];
  }
  const isThere = folder === dataDirectory;
  const writable = isThere
    ? `The data folder ${folder} can be written.`
    : `The data folder ${dataDirectory} can be made in ${folder}.`;
  return [
    ok("data-folder", writable),
    checkFreeSpace(await disk.freeBytes(folder)),
    checkSparseFiles(sparseBytes),
    await checkHoles(folder, disk, hasMaxDisk),
  ];
}

/** When something was last written to the folder; undefined if there is nothing. */
export async function newestFileMs(dataDirectory: string): Promise<number | undefined> {
  const names = await readdir(dataDirectory).catch(() => []);
  const times = await Promise.all(
    names.map((name) =>
      stat(join(dataDirectory, name)).then(
        ({ mtimeMs }) => mtimeMs,
        () => 0,
      ),
    ),
  );
  return times.length === 0 ? undefined : Math.max(...times);
}

function checkFreeSpace(freeBytes: number): Finding {
  const free = `${Math.floor(freeBytes / 1024 ** 2)} MiB are free for torrents`;
  if (freeBytes < FREE_MIN_BYTES)
    return fail("free-space", `${free}: free some, or choose another disk with --data-dir.`);
  if (freeBytes >= FREE_ADVISED_BYTES) return ok("free-space", `${free}.`);
  return warn("free-space", `${free}: a film takes more. Free some, or bound what is kept with --max-disk.`);
}

function checkSparseFiles(sparseBytes: number): Finding {
  if (sparseBytes <= PROBE_MAX_BYTES) return ok("sparse-files", "Files take the space of what is in them.");
  const advice = "Choose a folder on a disk that has sparse files (ext4, xfs, btrfs, apfs) with --data-dir.";
  return warn(
    "sparse-files",
    `On this disk a film takes all its space at once, though little of it is there. ${advice}`,
  );
}

async function checkHoles(folder: string, disk: Disk, hasMaxDisk: boolean): Promise<Finding> {
  try {
    await disk.punchHole(folder);
    return ok("hole-punching", "Space can be given back piece by piece, as --max-disk does.");
  } catch (error) {
    if (!(error instanceof RiptideError)) throw error;
    if (error.code === "disk_full")
      return warn("hole-punching", "There is no room to see whether --max-disk works here.");
    if (hasMaxDisk) return fail("hole-punching", error.message);
    return warn("hole-punching", `--max-disk cannot be used here. ${error.message}`);
  }
}

/** The folder, or the one above it that is there; undefined if something else stands in the way. */
async function nearestFolder(path: string): Promise<string | undefined> {
  const found = await stat(path).catch((error: unknown) => {
    if (isSystemError(error) && error.code === "ENOENT") return undefined;
    if (isSystemError(error)) return error;
    throw error;
  });
  if (found === undefined) return dirname(path) === path ? undefined : await nearestFolder(dirname(path));
  return !(found instanceof Error) && found.isDirectory() ? path : undefined;
}

function isSystemError(error: unknown): error is Error & { readonly code: string } {
  return error instanceof Error && "code" in error && typeof error.code === "string";
}
