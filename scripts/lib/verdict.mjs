// What a run of the tests amounts to.

const COUNTS = ["numPassedTests", "numFailedTests", "numPendingTests", "numTodoTests"];

/** One report of several parts, for `verdictOf`; undefined if a part has left none. */
export function wholeReport(reports) {
  if (reports.includes(undefined)) return undefined;
  return Object.fromEntries(COUNTS.map((count) => [count, reports.reduce((sum, report) => sum + report[count], 0)]));
}

/**
 * Counts of tests from vitest's JSON report (undefined if there is none), and a sentence for each failure that is not a
 * test's. A check that fails, a run that ends early, and tests that CI skips count as one failed test each.
 */
export function verdictOf(report, { hasPassed, isChecked, isCi }) {
  const { numPassedTests: passed = 0, numFailedTests = 0, numPendingTests = 0, numTodoTests = 0 } = report ?? {};
  const skipped = numPendingTests + numTodoTests;
  const sentences = [];
  if (report === undefined) sentences.push("vitest has ended without a report.");
  if (!isChecked) sentences.push("The checks have failed; see above the tests.");
  if (isCi && skipped > 0) sentences.push("With CI=true no test may be skipped.");
  // A file that does not load, or an error outside of every test, fails the run without a failed test.
  const failedTests = Math.max(numFailedTests, hasPassed && report !== undefined ? 0 : 1);
  const failed = failedTests + (isChecked ? 0 : 1) + (isCi && skipped > 0 ? 1 : 0);
  return { passed, failed, skipped, sentences };
}
