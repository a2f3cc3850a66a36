// npm test: installs what is missing, then types, lint, format, dead code, and every test with coverage.
// Arguments go to vitest: `npm test -- packages/core` runs a part (without checks and coverage).
// The last line is `N passed, N failed, N skipped`. With CI=true a skipped test fails the run.
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { ensureNodeModules, ensureTools } from "./lib/install.mjs";
import { ensurePage } from "./lib/page.mjs";
import { bin, root, succeeds } from "./lib/run.mjs";
import { verdictOf } from "./lib/verdict.mjs";

const REPORT = `${root}.cache/test-report.json`;
const selection = process.argv.slice(2);
const isWhole = selection.length === 0;

ensureNodeModules();
ensureTools(["ffmpeg", "chromium", "libtorrent", "aria2", "transmission", "mpv", "vlc", "curl"]);
ensurePage();
const isChecked = !isWhole || succeeds("node", ["scripts/check.mjs"]);

mkdirSync(`${root}.cache`, { recursive: true });
rmSync(REPORT, { force: true });
const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${REPORT}`];
const hasPassed = succeeds(bin("vitest"), ["run", ...reporters, ...(isWhole ? ["--coverage"] : []), ...selection]);

const isCi = process.env.CI === "true";
const { passed, failed, skipped, sentences } = verdictOf(readReport(), { hasPassed, isChecked, isCi });
for (const sentence of sentences) console.log(sentence);
console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
process.exit(failed === 0 ? 0 : 1);

function readReport() {
  try {
    return JSON.parse(readFileSync(REPORT, "utf8"));
  } catch {
    return undefined;
  }
}
