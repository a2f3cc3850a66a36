import { afterEach, beforeEach, expect, test } from "vitest";
import { exitOf, isRunning, urlOf } from "../support/command-line.ts";
import { endOf, leftoversIn, startDemo, startStreams } from "../support/streaming-demo.ts";
import { type TemporaryFolder, temporaryFolder } from "../support/temporary-folder.ts";
import { describeWith } from "../support/tools.ts";

let folder: TemporaryFolder;
beforeEach(async () => {
  folder = await temporaryFolder("fault");
});
afterEach(() => folder[Symbol.asyncDispose]());

describeWith("ffmpeg")("F30 while bodies stream", () => {
  test("a fault of ours closes everything, is told in one line, and ends with 70", async () => {
    const fault = "process.once('SIGUSR2', () => { throw new Error('a fault\\nin two lines') })";
    await using riptide = startDemo(folder.path, fault);
    const { bodies, children } = await startStreams(riptide);
    riptide.child.kill("SIGUSR2");
    const [code, ...ends] = await Promise.all([exitOf(riptide), ...bodies.map(endOf)]);
    expect(code).toBe(70);
    expect(ends).toEqual(["cut", "cut"]);
    expect(riptide.stderr()).toMatch(
      /^Riptide ends because of a fault of its own, .*: Error: a fault \| in two lines \|.*\n$/,
    );
    for (const child of children) expect(await isRunning(child)).toBe(false);
    expect(await leftoversIn(folder.path)).toEqual([]);
  });
});

test("F30 a rejection that nobody handles is a fault, too", async () => {
  const fault = "process.once('SIGUSR2', () => void Promise.reject(new TypeError('unhandled')))";
  await using riptide = startDemo(folder.path, fault);
  await urlOf(riptide);
  riptide.child.kill("SIGUSR2");
  expect(await exitOf(riptide)).toBe(70);
  expect(riptide.stderr()).toMatch(/^Riptide ends .*: TypeError: unhandled \| at .*\n$/);
  expect(await leftoversIn(folder.path)).toEqual([]);
});
