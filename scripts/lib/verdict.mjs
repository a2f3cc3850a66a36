// What a run of the tests amounts to.
import { relative } from "node:path";
import { root } from "./run.mjs";

/** Files that may run once more: more than these have not failed because the machine was busy. */
const SECOND_RUN_FILES_MAX = 10;

/** One report of several parts, for the functions below; undefined if a part has left none. */
export function wholeReport(reports) {
  if (reports.includes(undefined)) return undefined;
  return { testResults: reports.flatMap((report) => report.testResults) };
}

/** Paths of the files with failures that are worth a second run, alone: none if more has failed than they can explain. */
export function filesToRunAgain(report) {
  const paths = (report?.testResults ?? []).filter((file) => failuresOf(file).length > 0).map(({ name }) => name);
  return paths.length <= SECOND_RUN_FILES_MAX ? paths : [];
}

/** The report with what some files have done when they ran again in place of what they did first. */
export function withSecondRun(report, second) {
  const paths = new Set(second.testResults.map(({ name }) => name));
  return { testResults: [...report.testResults.filter(({ name }) => !paths.has(name)), ...second.testResults] };
}

/** A sentence for each test that failed, and for each file that did not load. */
export function failureSentences(report) {
  return (report?.testResults ?? []).flatMap(failuresOf);
}

/**
 * Counts of tests from vitest's JSON report (undefined if there is none), and a sentence for each failure that is not a
 * test's. A check that fails, a file that does not load, a run that ends early (`hasEnded` is false), and tests that CI
 * skips count as one failed test each.
 */
export function verdictOf(report, { hasEnded, isChecked, isCi }) {
  const tests = (report?.testResults ?? []).flatMap((file) => file.assertionResults);
  const passed = tests.filter(({ status }) => status === "passed").length;
  const skipped = tests.filter(({ status }) => status !== "passed" && status !== "failed").length;
  const sentences = [];
  if (report === undefined) sentences.push("vitest has ended without a report.");
  else if (!hasEnded) sentences.push("vitest has failed outside of every test; see above.");
  if (!isChecked) sentences.push("The checks have failed; see above the tests.");
  if (isCi && skipped > 0) sentences.push("With CI=true no test may be skipped.");
  return { passed, failed: failureSentences(report).length + sentences.length, skipped, sentences };
}

function failuresOf({ name, status, message, assertionResults }) {
  const path = relative(root, name);
  const failed = assertionResults.filter((test) => test.status === "failed");
  if (failed.length === 0 && status === "failed") return [`${path} fails outside of its tests: ${firstLine(message)}`];
  return failed.map(({ fullName, failureMessages }) => `${path} > ${fullName}: ${firstLine(failureMessages[0])}`);
}

function firstLine(message) {
  return (message ?? "").split("\n", 1)[0];
}
