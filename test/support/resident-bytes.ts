import { readFile } from "node:fs/promises";

/** What a process has in memory (proc(5): VmRSS, in KiB). */
export async function residentBytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024;
}
