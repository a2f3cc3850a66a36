import { readdir, readFile, readlink } from "node:fs/promises";

/** How the kernel holds a process, seen from outside. */
export interface HeldProcess {
  /** By the names of proc(5). */
  readonly limits: ReadonlyMap<string, number>;
  /** Which network it is in: those of two processes are equal, or they cannot reach each other. */
  readonly network: string;
  /** What lies in the folder that is its root. */
  readonly root: readonly string[];
}

export async function heldProcess(pid: number): Promise<HeldProcess> {
  const limits = await readFile(`/proc/${pid}/limits`, "utf8");
  return {
    limits: new Map(
      [...limits.matchAll(/^(Max [a-z ]+?) {2,}(\d+) /gm)].map(([, name, value]) => [name!, Number(value)]),
    ),
    network: await readlink(`/proc/${pid}/ns/net`),
    root: await readdir(`/proc/${pid}/root`),
  };
}
