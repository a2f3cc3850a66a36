import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { eventually } from "./support/eventually.ts";
import { fakeFfmpeg, isAlive } from "./support/fake-ffmpeg.ts";
import { findConfinementWith } from "./support/find-confinement.ts";
import type { Orphan } from "./support/orphan-parent.ts";

const parent = fileURLToPath(new URL("./support/orphan-parent.ts", import.meta.url));

/** It sees nothing of what happens to its pipes. */
const HUNG = "echo $$; exec sleep 1000";

/** The pids that the processes of a dying server printed. */
function pidsFromDyingServer(death: "exit" | "kill", ...orphans: readonly Orphan[]): Promise<number[]> {
  const words = ["--import", "tsx", parent, death, JSON.stringify(orphans)];
  return new Promise((resolve) => {
    execFile(process.execPath, words, (_, stdout) => resolve(stdout.trim().split("\n").map(Number)));
  });
}

async function expectEnded(pids: readonly number[], count: number): Promise<void> {
  expect([pids.length, Math.min(...pids) > 1]).toEqual([count, true]);
  await eventually(async () => expect(await Promise.all(pids.map(isAlive))).toEqual(pids.map(() => false)));
}

describe("No process outlives the server", () => {
  test("that exits: it is killed, whatever it does", async () => {
    const path = await fakeFfmpeg(HUNG);
    await expectEnded(await pidsFromDyingServer("exit", { path }), 1);
  });

  test("that is killed: its source ends, and so does it, and one that hangs is killed by the kernel", async () => {
    const { launchers } = (await findConfinementWith("prlimit", "unshare", "setpriv")).confinement;
    const hung = await fakeFfmpeg(HUNG);
    const pids = await pidsFromDyingServer(
      "kill",
      { path: await fakeFfmpeg("echo $$; exec cat > /dev/null") },
      { path: hung, launcher: launchers.conversion },
      { path: hung, launcher: launchers.hardware_conversion },
    );
    await expectEnded(pids, 3);
  });
});
