import { execFile } from "node:child_process";
import { cp } from "node:fs/promises";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { exitOf, urlOf } from "../support/command-line.ts";
import { startProcess } from "../support/processes.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
/** What a clone does not have. */
const NOT_TRACKED = new Set([".git", ".cache", "coverage", "dist", "node_modules"]);
/** For npm ci, and for a start on a machine that has just done that. */
const START_LIMIT_MS = 5 * 60_000;

test("npm start in a fresh clone ends with a server, and again much sooner", {
  timeout: 3 * START_LIMIT_MS,
}, async () => {
  await using folder = await temporaryFolder("clone");
  const clone = join(folder.path, "riptide");
  await cloneTo(clone);
  const first = await start(clone, folder.path);
  expect(first.stderr).toContain("Installing node_modules");
  const second = await start(clone, folder.path);
  expect(second.stderr).toBe("");
  expect(second.startMs).toBeLessThan(first.startMs / 2);
});

/** By git, as a newcomer does it; what is no repository, or not one for git (a tarball, another owner), is copied. */
async function cloneTo(path: string): Promise<void> {
  try {
    await promisify(execFile)("git", ["clone", "--quiet", ROOT, path]);
  } catch {
    await cp(ROOT, path, { recursive: true, filter: (source) => !NOT_TRACKED.has(basename(source)) });
  }
}

/** From the command to the line with the address; the page is asked for before it is stopped. */
async function start(clone: string, temporary: string) {
  const env = { ...process.env, TMPDIR: temporary, npm_config_prefer_offline: "true" };
  const startedMs = performance.now();
  await using npm = startProcess("npm", ["start", "--silent", "--", "demo", "--port=0"], { cwd: clone, env });
  const url = await urlOf(npm, START_LIMIT_MS);
  const startMs = performance.now() - startedMs;
  const page = await fetch(url);
  expect([page.status, page.headers.get("content-type")]).toEqual([200, expect.stringContaining("text/html")]);
  npm.child.kill("SIGTERM");
  await exitOf(npm);
  return { startMs, stderr: npm.stderr() };
}
