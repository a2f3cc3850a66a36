import { expect, test } from "vitest";

interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
}
interface Verdict {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly sentences: readonly string[];
}
type VerdictOf = (
  report: Report | undefined,
  run: { hasPassed: boolean; isChecked: boolean; isCi: boolean },
) => Verdict;

const { verdictOf, wholeReport } = (await import(new URL("../../scripts/lib/verdict.mjs", import.meta.url).href)) as {
  verdictOf: VerdictOf;
  wholeReport: (reports: readonly (Report | undefined)[]) => Report | undefined;
};
const GOOD = { hasPassed: true, isChecked: true, isCi: true };
const BAD = { ...GOOD, hasPassed: false };

const report = (passed: number, failed: number, skipped = 0, todo = 0): Report => ({
  numPassedTests: passed,
  numFailedTests: failed,
  numPendingTests: skipped,
  numTodoTests: todo,
});

test.each([
  ["all is well", report(9, 0), GOOD, [9, 0, 0]],
  ["tests fail", report(7, 2), BAD, [7, 2, 0]],
  ["a file does not load", report(7, 0), BAD, [7, 1, 0]],
  ["vitest ends without a report", undefined, BAD, [0, 1, 0]],
  ["vitest writes no report and says that all is well", undefined, GOOD, [0, 1, 0]],
  ["the checks fail", report(9, 0), { ...GOOD, isChecked: false }, [9, 1, 0]],
  ["CI skips a test", report(8, 0, 1), GOOD, [8, 1, 1]],
  ["CI has a test that is still to be written", report(8, 0, 0, 1), GOOD, [8, 1, 1]],
  ["a test is skipped elsewhere", report(8, 0, 1), { ...GOOD, isCi: false }, [8, 0, 1]],
])("when %s", (_, given, run, counts) => {
  const { passed, failed, skipped, sentences } = verdictOf(given, run);
  expect([passed, failed, skipped]).toEqual(counts);
  // Whoever reads the last line finds the reason above it, unless the tests themselves have told it.
  expect(sentences.length).toBe(run === BAD && given !== undefined ? 0 : failed);
});

test("parts count together, and none may be missing", () => {
  expect(wholeReport([report(7, 1, 2, 3), report(10, 20, 30, 40)])).toEqual(report(17, 21, 32, 43));
  expect(wholeReport([report(7, 0), undefined])).toBeUndefined();
});
