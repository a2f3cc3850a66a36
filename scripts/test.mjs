// npm test: installs what is missing, then types, lint, format, dead code, and every test with coverage.
// Arguments go to vitest: `npm test -- packages/core` runs a part (without checks and coverage).
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { bin, ensureNodeModules, ensureTools, root, run } from "./lib/install.mjs";
import { ensurePage } from "./lib/page.mjs";

const REPORT = `${root}.cache/test-report.json`;
const selection = process.argv.slice(2);

ensureNodeModules();
ensureTools(["ffmpeg", "chromium", "libtorrent", "aria2", "transmission"]);
ensurePage();
if (selection.length === 0) run("node", ["scripts/check.mjs"]);

mkdirSync(`${root}.cache`, { recursive: true });
rmSync(REPORT, { force: true });
const report = ["--reporter=default", "--reporter=json", `--outputFile.json=${REPORT}`];
const coverage = selection.length === 0 ? ["--coverage"] : [];
const { status } = spawnSync(bin("vitest"), ["run", ...report, ...coverage, ...selection], {
  cwd: root,
  stdio: "inherit",
});
const { numPassedTests, numFailedTests, numPendingTests } = JSON.parse(readFileSync(REPORT, "utf8"));
console.log(`${numPassedTests} passed, ${numFailedTests} failed, ${numPendingTests} skipped`);
process.exit(status ?? 1);
