import { readdir, readFile } from "node:fs/promises";

/** The processes that this one started and that are still there, zombies included. */
export async function childProcesses(): Promise<number[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name)).map(Number);
  const parents = await Promise.all(pids.map(parentOf));
  return pids.filter((_, index) => parents[index] === process.pid);
}

async function parentOf(pid: number): Promise<number | undefined> {
  const status = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  // The name in brackets may hold anything; the parent is the second field after it.
  return Number(status.slice(status.lastIndexOf(")") + 2).split(" ")[1]);
}
