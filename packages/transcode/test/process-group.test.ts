import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { eventually } from "./support/eventually.ts";
import { fakeFfmpeg, isAlive } from "./support/fake-ffmpeg.ts";

const parent = fileURLToPath(new URL("./support/orphan-parent.ts", import.meta.url));

/** The pid that the process of a dying server printed. */
function pidFromDyingServer(path: string, death: "exit" | "kill"): Promise<number> {
  return new Promise((resolve) => {
    execFile(process.execPath, ["--import", "tsx", parent, path, death], (_, stdout) => resolve(Number(stdout.trim())));
  });
}

describe("No process outlives the server", () => {
  test("that exits: it is killed, whatever it does", async () => {
    const pid = await pidFromDyingServer(await fakeFfmpeg("echo $$; exec sleep 1000"), "exit");
    expect(pid).toBeGreaterThan(1);
    await eventually(async () => expect(await isAlive(pid)).toBe(false));
  });

  test("that is killed: its source ends, and so does it", async () => {
    const pid = await pidFromDyingServer(await fakeFfmpeg("echo $$; exec cat > /dev/null"), "kill");
    expect(pid).toBeGreaterThan(1);
    await eventually(async () => expect(await isAlive(pid)).toBe(false));
  });
});
