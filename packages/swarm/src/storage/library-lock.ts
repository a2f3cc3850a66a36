import { randomUUID } from "node:crypto";
import { readFile, readlink, rename, rm, symlink } from "node:fs/promises";
import { StreamError } from "@riptide/core";
import { systemCode } from "./storage-error.ts";

/** Takers of a stale lock get in each other's way at most once each; who loses finds a live owner the next time. */
const MAX_ATTEMPTS = 10;

/** Keeps other processes out of a folder until `release`. */
export interface FolderLock {
  release(): Promise<void>;
  /** Whether it is where it was taken. */
  isHeld(): Promise<boolean>;
}

interface LockOwner {
  readonly pid: number;
  /** Which process of that number: numbers are used again. */
  readonly started: string;
}

/**
 * Takes the lock, also from an owner that has died without releasing it. Rejects with `storage_failed` if the owner lives.
 * It guards against a second Riptide, not against an enemy, and only on one machine.
 *
 * The lock is a symbolic link that leads to nothing: its target says who holds it. It appears whole or not at all (symlink(2)
 * fails if the name is taken), and one this short needs no block of the disk, so that a full one can be opened (ext4: 59 bytes).
 */
export async function lockFolder(path: string): Promise<FolderLock> {
  const owner = `${process.pid} ${(await processStart(process.pid)) ?? ""}`;
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
    if (await tryLock(path, owner)) {
      return { release: () => release(path, owner), isHeld: async () => (await readOwner(path)) === owner };
    }
    await clearStaleLock(path);
  }
  throw alreadyOpen();
}

async function tryLock(path: string, owner: string): Promise<boolean> {
  try {
    await symlink(owner, path);
    return true;
  } catch (error) {
    if (systemCode(error) === "EEXIST") return false;
    throw error;
  }
}

/** Removes a lock whose owner is dead. Rejects if the owner lives. */
async function clearStaleLock(path: string): Promise<void> {
  const seen = await readOwner(path);
  if (await isAlive(parseOwner(seen))) throw alreadyOpen();
  // Another taker may have put its own lock here since: what was moved aside shows it.
  const aside = `${path}.${randomUUID()}.stale`;
  try {
    await rename(path, aside);
  } catch (error) {
    if (systemCode(error) === "ENOENT") return;
    throw error;
  }
  const moved = await readOwner(aside);
  if (moved !== undefined && moved !== seen) await tryLock(path, moved);
  await rm(aside, { force: true });
}

async function release(path: string, owner: string): Promise<void> {
  if ((await readOwner(path)) === owner) await rm(path, { force: true });
}

/** Undefined if nothing is there, or something that is no lock of ours. */
async function readOwner(path: string): Promise<string | undefined> {
  try {
    return await readlink(path);
  } catch (error) {
    if (["ENOENT", "EINVAL"].includes(systemCode(error) ?? "")) return undefined;
    throw error;
  }
}

function parseOwner(text: string | undefined): LockOwner | undefined {
  const [, pid, started] = /^([1-9]\d{0,9}) (.*)$/.exec(text ?? "") ?? [];
  return pid === undefined || started === undefined ? undefined : { pid: Number(pid), started };
}

/** A lock that nobody can read has no owner: locks appear whole. */
async function isAlive(owner: LockOwner | undefined): Promise<boolean> {
  if (owner === undefined) return false;
  try {
    process.kill(owner.pid, 0);
  } catch (error) {
    // EPERM: there is such a process, of another user.
    if (systemCode(error) !== "EPERM") return false;
  }
  const started = await processStart(owner.pid);
  return started === undefined || started === owner.started;
}

/**
 * What tells a process from an earlier one of the same number: the machine's boot and the start in ticks since then
 * (proc(5), field 22 of stat). "dead" for one that has ended but was not reaped. Undefined where there is no /proc.
 */
async function processStart(pid: number): Promise<string | undefined> {
  try {
    const boot = await readFile("/proc/sys/kernel/random/boot_id", "utf8");
    const stat = await readFile(`/proc/${pid}/stat`, "utf8");
    // The second field is the program's name in parentheses; it may hold spaces and parentheses itself.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" || fields[0] === "X" ? "dead" : `${boot.trim()} ${fields[19]}`;
  } catch {
    return undefined;
  }
}

function alreadyOpen(): StreamError {
  return new StreamError(
    "storage_failed",
    "Another Riptide is using this data folder. Stop it first, or choose another folder with --data-dir.",
  );
}
