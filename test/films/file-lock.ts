import { open, readFile, rm } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";

const POLL_INTERVAL_MS = 100;

/**
 * Runs `action` while no other process runs one under the same lock file. A lock whose process has died is taken over.
 */
export async function withFileLock(lockPath: string, action: () => Promise<void>): Promise<void> {
  while (!(await acquire(lockPath))) await delay(POLL_INTERVAL_MS);
  try {
    await action();
  } finally {
    await rm(lockPath, { force: true });
  }
}

async function acquire(lockPath: string): Promise<boolean> {
  try {
    const lock = await open(lockPath, "wx");
    await lock.writeFile(String(process.pid));
    await lock.close();
    return true;
  } catch (error) {
    if (!isErrno(error, "EEXIST")) throw error;
    if (await isAbandoned(lockPath)) await rm(lockPath, { force: true });
    return false;
  }
}

async function isAbandoned(lockPath: string): Promise<boolean> {
  const owner = Number(await readFile(lockPath, "utf8").catch(() => ""));
  if (owner === 0) return false;
  try {
    process.kill(owner, 0);
    return false;
  } catch (error) {
    return isErrno(error, "ESRCH");
  }
}

function isErrno(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
