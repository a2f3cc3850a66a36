import { execFile } from "node:child_process";
import { chmod, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type TemporaryFolder, temporaryFolder } from "../support/temporary-folder.ts";

const INSTALL = new URL("../../scripts/lib/install.mjs", import.meta.url).href;
let bin: TemporaryFolder;

beforeEach(async () => {
  bin = await temporaryFolder("bin");
});
afterEach(async () => {
  await bin[Symbol.asyncDispose]();
});

describe("ensureTools, where nothing can be installed", () => {
  const SENTENCE =
    "Missing: ffmpeg, aria2, transmission. On Debian: sudo apt-get install ffmpeg aria2 transmission-daemon";

  test("says in one line what to install, and tells the tests what to leave out", async () => {
    const { exitCode, stdout, stderr } = await ensureTools(["ffmpeg", "aria2", "transmission"]);
    expect(stderr).toBe(`${SENTENCE} (until then, what needs them is skipped)\n`);
    expect([exitCode, stdout]).toEqual([0, "missing: ffmpeg,aria2,transmission\n"]);
  });

  test("fails in CI, and runs nothing", async () => {
    const outcome = await ensureTools(["ffmpeg", "aria2", "transmission"], { CI: "true" });
    expect(outcome).toEqual({ exitCode: 1, stdout: "", stderr: `${SENTENCE}\n` });
  });

  test("is content with what works", async () => {
    for (const program of ["ffmpeg", "ffprobe"]) await addProgram(program, "exit 0");
    const outcome = await ensureTools(["ffmpeg"], { CI: "true" });
    expect(outcome).toEqual({ exitCode: 0, stdout: "missing: \n", stderr: "" });
  });

  test.each([
    ["without the other", ["ffmpeg"]],
    ["without the one", ["ffprobe"]],
  ])("wants both programs of ffmpeg: %s it is missing", async (_, programs) => {
    for (const program of programs) await addProgram(program, "exit 0");
    expect((await ensureTools(["ffmpeg"])).stdout).toBe("missing: ffmpeg\n");
  });

  test("takes a program that fails for a missing one", async () => {
    await addProgram("aria2c", "exit 127");
    expect((await ensureTools(["aria2"])).stdout).toBe("missing: aria2\n");
  });

  test("does not take a chromium on the path for the one that tests start", async () => {
    const { stdout: without } = await ensureTools(["chromium"]);
    await addProgram("chromium", "exit 0");
    expect((await ensureTools(["chromium"])).stdout).toBe(without);
  });
});

async function addProgram(name: string, script: string): Promise<void> {
  await writeFile(join(bin.path, name), `#!/bin/sh\n${script}\n`);
  await chmod(join(bin.path, name), 0o755);
}

/** In a process of its own, for somebody who may install nothing, with our programs and no others on the path. */
function ensureTools(names: readonly string[], environment: NodeJS.ProcessEnv = {}) {
  const script = `
    process.getuid = () => 1000;
    const { ensureTools } = await import(${JSON.stringify(INSTALL)});
    ensureTools(${JSON.stringify(names)});
    console.log("missing: " + process.env.RIPTIDE_MISSING_TOOLS);
  `;
  const options = { env: { PATH: bin.path, ...environment } };
  return new Promise<{ exitCode: number | null; stdout: string; stderr: string }>((resolve) => {
    const child = execFile(process.execPath, ["--input-type=module", "-e", script], options, (_, stdout, stderr) =>
      resolve({ exitCode: child.exitCode, stdout, stderr }),
    );
  });
}
