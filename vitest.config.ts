import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    // Two cores everywhere this runs: more workers only make the timing of real processes worse.
    maxWorkers: 2,
    coverage: {
      // What everything else rests on: each of its branches is a promise, and each promise has a test.
      include: ["packages/core/src/**", "packages/stream/src/**"],
      reporter: ["text", "json-summary"],
      reportsDirectory: ".cache/coverage",
      thresholds: { 100: true },
    },
    projects: [
      {
        extends: true,
        test: { name: "unit", include: ["packages/*/test/**/*.test.ts"], testTimeout: 20_000 },
      },
      {
        extends: true,
        test: {
          name: "integration",
          include: ["test/**/*.test.ts"],
          testTimeout: 120_000,
          hookTimeout: 180_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
