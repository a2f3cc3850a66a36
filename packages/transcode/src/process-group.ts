import type { ChildProcess } from "node:child_process";

/** Groups that must not outlive this process; the pid of a detached child is the id of its group. */
const liveGroups = new Set<number>();

/**
 * Remembers the group of a detached child until it has exited, and kills what is left of it then and when this process exits.
 *
 * No orphan is left however this process ends: by `exit` they are killed here; by SIGKILL the kernel kills them, as their launcher
 * asks it to (`confinement.ts`). Where nothing is installed that can, their stdin ends and their stdout breaks, because nobody else
 * holds those pipes, which ends an ffmpeg that does not hang.
 */
export function superviseGroup(child: ChildProcess): void {
  const { pid } = child;
  if (pid === undefined) return;
  if (liveGroups.size === 0) process.on("exit", killLiveGroups);
  liveGroups.add(pid);
  child.once("exit", () => {
    // The leader is gone; whatever it started goes as well, or it would hold the pipes open.
    signalGroup(pid, "SIGKILL");
    liveGroups.delete(pid);
    if (liveGroups.size === 0) process.off("exit", killLiveGroups);
  });
}

/** Sends a signal to every process of a group. A group that is gone is fine. */
export function signalGroup(pid: number, signal: "SIGTERM" | "SIGKILL"): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // ESRCH: nobody is left to be told.
  }
}

function killLiveGroups(): void {
  for (const pid of liveGroups) signalGroup(pid, "SIGKILL");
}
