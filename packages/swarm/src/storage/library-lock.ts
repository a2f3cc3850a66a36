import { randomUUID } from "node:crypto";
import { constants } from "node:fs";
import { link, open, readFile, rename, rm } from "node:fs/promises";
import { StreamError } from "@riptide/core";
import { readSmallFile, writeFully } from "./file-io.ts";
import { systemCode } from "./storage-error.ts";

/** A lock says who holds it in less than this. */
const MAX_LOCK_BYTES = 1024;
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
 */
export async function lockFolder(path: string): Promise<FolderLock> {
  const owner = { pid: process.pid, started: (await processStart(process.pid)) ?? "" };
  const spelled = Buffer.from(JSON.stringify(owner));
  const own = `${path}.${randomUUID()}`;
  try {
    await writeNewFile(own, spelled);
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
      if (await tryLink(own, path)) {
        return { release: () => release(path, spelled), isHeld: () => isHeld(path, spelled) };
      }
      await clearStaleLock(path, own);
    }
  } finally {
    await rm(own, { force: true });
  }
  throw alreadyOpen();
}

/** A lock appears whole or not at all, as a link to a file that is complete (link(2) fails if the name is taken). */
async function tryLink(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if (systemCode(error) === "EEXIST") return false;
    throw error;
  }
}

/** Removes a lock whose owner is dead. Rejects if the owner lives. */
async function clearStaleLock(path: string, own: string): Promise<void> {
  const seen = await readSmallFile(path, MAX_LOCK_BYTES);
  if (seen !== undefined && (await isAlive(parseOwner(seen)))) throw alreadyOpen();
  // Another taker may have put its own lock here since: what was moved aside shows it.
  const aside = `${own}.stale`;
  try {
    await rename(path, aside);
  } catch (error) {
    if (systemCode(error) === "ENOENT") return;
    throw error;
  }
  const moved = await readSmallFile(aside, MAX_LOCK_BYTES);
  const isStale = moved === undefined || (seen !== undefined && Buffer.from(seen).equals(moved));
  if (!isStale) await tryLink(aside, path);
  await rm(aside, { force: true });
}

async function release(path: string, spelled: Uint8Array): Promise<void> {
  if (await isHeld(path, spelled)) await rm(path, { force: true });
}

async function isHeld(path: string, spelled: Uint8Array): Promise<boolean> {
  const held = await readSmallFile(path, MAX_LOCK_BYTES);
  return held !== undefined && Buffer.from(held).equals(spelled);
}

async function writeNewFile(path: string, bytes: Uint8Array): Promise<void> {
  const handle = await open(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o644);
  try {
    await writeFully(handle, bytes, 0);
  } finally {
    await handle.close();
  }
}

function parseOwner(bytes: Uint8Array): LockOwner | undefined {
  try {
    const owner: unknown = JSON.parse(Buffer.from(bytes).toString("utf8"));
    if (typeof owner !== "object" || owner === null || !("pid" in owner) || !("started" in owner)) return undefined;
    const { pid, started } = owner;
    return Number.isSafeInteger(pid) && typeof pid === "number" && pid > 0 && typeof started === "string"
      ? { pid, started }
      : undefined;
  } catch {
    return undefined;
  }
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
