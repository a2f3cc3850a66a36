import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "vitest";
import { type CommandLineOptions, exitOf, startCommandLine } from "./command-line.ts";

/** A start that must fail with exit code 1 and this sentence, leaving nothing in `folder` but an empty one for temporary files. */
export async function expectRefusal(
  folder: string,
  words: readonly string[],
  sentence: string | RegExp,
  options: CommandLineOptions = {},
): Promise<void> {
  const temporary = join(folder, "temporary");
  await mkdir(temporary, { recursive: true });
  const environment = { TMPDIR: temporary, ...options.environment };
  await using riptide = startCommandLine(words, { ...options, environment });
  expect(await exitOf(riptide)).toBe(1);
  expect(riptide.lines).toEqual([]);
  const [line, ...rest] = riptide.stderr().split("\n");
  expect(rest).toEqual([""]);
  expect(line).toMatch(sentence);
  expect((await readdir(temporary)).filter((name) => name.startsWith("riptide"))).toEqual([]);
}
