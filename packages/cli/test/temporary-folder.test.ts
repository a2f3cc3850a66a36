import { access, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import { makeTemporaryFolder } from "../src/temporary-folder.ts";
import { UsageError } from "../src/usage-error.ts";

afterEach(() => {
  vi.unstubAllEnvs();
});

test("is there until it is disposed, and goes with all that is in it", async () => {
  const folder = await makeTemporaryFolder("riptide-test-");
  expect(basename(folder.path)).toMatch(/^riptide-test-/);
  await writeFile(join(folder.path, "film"), "bytes");
  await folder[Symbol.asyncDispose]();
  await expect(access(folder.path)).rejects.toThrow("ENOENT");
});

test("says where none can be made", async () => {
  vi.stubEnv("TMPDIR", "/dev/null");
  expect(tmpdir()).toBe("/dev/null");
  const sentence = "No temporary folder can be made in /dev/null: set TMPDIR to one that can be written.";
  await expect(makeTemporaryFolder("riptide-test-")).rejects.toThrow(new UsageError(sentence));
});
