// npm test: installs what is missing, then types, lint, format, dead code, and every test with coverage.
// Arguments go to vitest: `npm test -- packages/core` runs a part (without checks and coverage).
// The last line is `N passed, N failed, N skipped`. With CI=true a skipped test fails the run.
import { spawn } from "node:child_process";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { ensureNodeModules, ensureTools, TEST_TOOLS } from "./lib/install.mjs";
import { ensurePage } from "./lib/page.mjs";
import { bin, root, succeedsLater } from "./lib/run.mjs";
import { failureSentences, filesToRunAgain, verdictOf, wholeReport, withSecondRun } from "./lib/verdict.mjs";

const selection = process.argv.slice(2);
const isWhole = selection.length === 0;

ensureNodeModules();
// They need no tools: on a new machine those are installed meanwhile.
const checking = isWhole ? succeedsLater("node", ["scripts/check.mjs"], { isHeldBack: true }) : true;
ensureTools(TEST_TOOLS);
ensurePage();

mkdirSync(`${root}.cache`, { recursive: true });
/** The parts that have run. */
const ended = [];
let started = 0;
const isChecked = isWhole ? await runEverything() : true;
if (!isWhole) await runPart(selection);
const report = await secondRun(wholeReport(ended.map((part) => part.report)));
const { passed, failed, skipped, sentences } = verdictOf(report, {
  hasEnded: ended.every((part) => part.hasPassed || failureSentences(part.report).length > 0),
  isChecked,
  isCi: process.env.CI === "true",
});
for (const sentence of failureSentences(report)) console.log(`Failed: ${sentence}`);
for (const sentence of sentences) console.log(sentence);
console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
process.exit(failed === 0 ? 0 : 1);

/**
 * Half of the time the integration tests wait for a film to play or for a line to bring it; the others take what that leaves free, one kind
 * after the other: more at once would only wait for each other. What measures runs when all else is over. True if the checks passed.
 */
async function runEverything() {
  makeLongFilms();
  const [areChecksPassed] = await Promise.all([
    checking,
    runInTurn([
      ["--project", "covered", "--coverage"],
      ["--project", "films"],
      ["--project", "unit"],
    ]),
    runPart(["--project", "integration"], { isHeldBack: true }),
  ]);
  await runPart(["--project", "timed"]);
  return areChecksPassed;
}

async function runInTurn(parts) {
  for (const part of parts) await runPart(part);
}

/**
 * Waiting for real processes on a machine that is busy with others' work fails now and then. Files with such failures run
 * once more, alone, and it is said which ones needed that.
 */
async function secondRun(first) {
  const paths = isWhole ? filesToRunAgain(first) : [];
  if (paths.length === 0) return first;
  for (const sentence of failureSentences(first)) console.log(`Runs again, alone: ${sentence}`);
  const again = await runPart(["--no-file-parallelism", ...paths]);
  return again.report === undefined ? undefined : withSecondRun(first, again.report);
}

/** Ten minutes of film take a minute to encode: somewhat behind the tests that need none, so that those that do need not wait for it. */
function makeLongFilms() {
  if (process.env.RIPTIDE_MISSING_TOOLS.split(",").includes("ffmpeg")) return;
  const words = ["-n", "5", bin("tsx"), "test/films/make-films.ts", "long", "long-ac3"];
  const making = spawn("nice", words, { cwd: root, stdio: "ignore" });
  process.on("exit", () => making.kill());
}

/** Runs vitest with its output ours: as it comes, or when it has ended. */
async function runPart(selected, { isHeldBack = false } = {}) {
  const reportPath = `${root}.cache/test-report-${started}.json`;
  started += 1;
  rmSync(reportPath, { force: true });
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${reportPath}`];
  const hasPassed = await succeedsLater(bin("vitest"), ["run", ...reporters, ...selected], { isHeldBack });
  const part = { hasPassed, report: readReport(reportPath) };
  ended.push(part);
  return part;
}

function readReport(path) {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch {
    return undefined;
  }
}
