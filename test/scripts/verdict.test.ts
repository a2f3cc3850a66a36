import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

interface Report {
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly message: string;
    readonly assertionResults: readonly { fullName: string; status: string; failureMessages: readonly string[] }[];
  }[];
}
interface Verdict {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly sentences: readonly string[];
}

const { failureSentences, filesToRunAgain, verdictOf, wholeReport, withSecondRun } = (await import(
  new URL("../../scripts/lib/verdict.mjs", import.meta.url).href
)) as {
  failureSentences: (report: Report | undefined) => readonly string[];
  filesToRunAgain: (report: Report | undefined) => readonly string[];
  verdictOf: (report: Report | undefined, run: { hasEnded: boolean; isChecked: boolean; isCi: boolean }) => Verdict;
  wholeReport: (reports: readonly (Report | undefined)[]) => Report | undefined;
  withSecondRun: (report: Report, second: Report) => Report;
};
const GOOD = { hasEnded: true, isChecked: true, isCi: true };

test.each([
  ["all is well", reportOf({ passed: 9 }), GOOD, [9, 0, 0]],
  ["tests fail", reportOf({ passed: 7, failed: 2 }), GOOD, [7, 2, 0]],
  ["a file does not load", reportOf({ passed: 7 }, broken("test/a.test.ts")), GOOD, [7, 1, 0]],
  ["something fails outside of every test", reportOf({ passed: 7 }), { ...GOOD, hasEnded: false }, [7, 1, 0]],
  ["vitest ends without a report", undefined, { ...GOOD, hasEnded: false }, [0, 1, 0]],
  ["vitest writes no report and says that all is well", undefined, GOOD, [0, 1, 0]],
  ["the checks fail", reportOf({ passed: 9 }), { ...GOOD, isChecked: false }, [9, 1, 0]],
  ["CI skips a test", reportOf({ passed: 8, skipped: 1 }), GOOD, [8, 1, 1]],
  ["CI has a test that is still to be written", reportOf({ passed: 8, todo: 1 }), GOOD, [8, 1, 1]],
  ["a test is skipped elsewhere", reportOf({ passed: 8, skipped: 1 }), { ...GOOD, isCi: false }, [8, 0, 1]],
])("when %s", (_, given, run, counts) => {
  const { passed, failed, skipped, sentences } = verdictOf(given, run);
  expect([passed, failed, skipped]).toEqual(counts);
  // Whoever reads the last line finds the reason above it.
  expect([...failureSentences(given), ...sentences].length).toBe(failed);
});

test("parts count together, and none may be missing", () => {
  const whole = wholeReport([reportOf({ passed: 7, failed: 1 }), reportOf({ passed: 10, failed: 20, skipped: 30 })]);
  expect(verdictOf(whole, { ...GOOD, isCi: false })).toMatchObject({ passed: 17, failed: 21, skipped: 30 });
  expect(wholeReport([reportOf({ passed: 7 }), undefined])).toBeUndefined();
});

test("a failure is told with its file, its test and the first line of what was said", () => {
  const told = failureSentences(reportOf({ failed: 1 }, broken("test/b.test.ts")));
  expect(told).toEqual([
    "test/a.test.ts > failed 0: Error: expected 1 to be 2",
    "test/b.test.ts fails outside of its tests: SyntaxError",
  ]);
});

test("a few files may run again, and what they do then counts", () => {
  const report = reportOf({ passed: 1, failed: 2 }, broken("test/b.test.ts"), fileOf("test/c.test.ts", { passed: 4 }));
  expect(filesToRunAgain(report)).toEqual(["test/a.test.ts", "test/b.test.ts"].map(pathOf));
  const second = reportOf({ passed: 3 }, fileOf("test/b.test.ts", { passed: 1, failed: 1 }));
  expect(verdictOf(withSecondRun(report, second), GOOD)).toMatchObject({ passed: 8, failed: 1, skipped: 0 });
});

test.each([
  [
    "so much is no accident",
    reportOf({ failed: 1 }, ..."bcdefghijk".split("").map((name) => broken(`test/${name}.test.ts`))),
  ],
  ["all is well", reportOf({ passed: 1 })],
  ["there is no report", undefined],
])("nothing runs again: %s", (_, report) => {
  expect(filesToRunAgain(report)).toEqual([]);
});

type Counts = Partial<Record<"passed" | "failed" | "skipped" | "todo", number>>;

function reportOf(counts: Counts, ...others: Report["testResults"]): Report {
  return { testResults: [fileOf("test/a.test.ts", counts), ...others] };
}

function fileOf(path: string, counts: Counts): Report["testResults"][number] {
  const assertionResults = Object.entries(counts).flatMap(([status, count]) =>
    Array.from({ length: count }, (_, index) => ({
      fullName: `${status} ${index}`,
      status,
      failureMessages: status === "failed" ? ["Error: expected 1 to be 2\n    at a.test.ts:1:1"] : [],
    })),
  );
  return {
    name: pathOf(path),
    status: counts.failed === undefined ? "passed" : "failed",
    message: "",
    assertionResults,
  };
}

function broken(path: string): Report["testResults"][number] {
  return { name: pathOf(path), status: "failed", message: "SyntaxError\n  at b.test.ts", assertionResults: [] };
}

function pathOf(path: string): string {
  return fileURLToPath(new URL(`../../${path}`, import.meta.url));
}
