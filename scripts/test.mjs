// npm test: installs what is missing, then types, lint, format, dead code, and every test with coverage.
// Arguments go to vitest: `npm test -- packages/core` runs a part (without checks and coverage).
// The last line is `N passed, N failed, N skipped`; a check that fails, or a run that ends early, counts as a failed one.
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { ensureNodeModules, ensureTools } from "./lib/install.mjs";
import { ensurePage } from "./lib/page.mjs";
import { bin, root, succeeds } from "./lib/run.mjs";

const REPORT = `${root}.cache/test-report.json`;
const selection = process.argv.slice(2);
const isWhole = selection.length === 0;

ensureNodeModules();
ensureTools(["ffmpeg", "chromium", "libtorrent", "aria2", "transmission"]);
ensurePage();
const isChecked = !isWhole || succeeds("node", ["scripts/check.mjs"]);

mkdirSync(`${root}.cache`, { recursive: true });
rmSync(REPORT, { force: true });
const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${REPORT}`];
const hasPassed = succeeds(bin("vitest"), ["run", ...reporters, ...(isWhole ? ["--coverage"] : []), ...selection]);

const { numPassedTests: passed, numFailedTests, numPendingTests: skipped } = readReport();
// A file that does not load, or an error outside of every test, fails the run without a failed test.
const failed = Math.max(numFailedTests, hasPassed ? 0 : 1) + (isChecked ? 0 : 1);
if (!isChecked) console.log("The checks have failed; see above the tests.");
console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
process.exit(failed === 0 ? 0 : 1);

function readReport() {
  try {
    return JSON.parse(readFileSync(REPORT, "utf8"));
  } catch {
    console.log("vitest has ended without a report.");
    return { numPassedTests: 0, numFailedTests: 0, numPendingTests: 0 };
  }
}
