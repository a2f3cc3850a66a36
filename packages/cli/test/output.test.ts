import { Writable } from "node:stream";
import { expect, test } from "vitest";
import { writeLine } from "../src/output.ts";
import { FakeOutput } from "./support/fake-output.ts";

test("ends each line", () => {
  const output = new FakeOutput();
  writeLine(output, "one");
  writeLine(output, "two");
  expect(output.text).toBe("one\ntwo\n");
});

test("keeps no more than a megabyte for a reader who has stopped reading, and goes on when he reads again", () => {
  const taken: { line: string; done: () => void }[] = [];
  const output = new Writable({
    decodeStrings: false,
    write: (line: string, _encoding, done) => void taken.push({ line, done }),
  });
  const line = "x".repeat(100_000);
  for (let count = 0; count < 100; count += 1) writeLine(output, line);
  expect(output.writableLength).toBeLessThan(1_200_000);
  expect(output.writableLength).toBeGreaterThan(1_000_000);
  for (let next = taken.shift(); next !== undefined; next = taken.shift()) next.done();
  expect(output.writableLength).toBe(0);
  writeLine(output, "again");
  expect(taken[0]?.line).toBe("again\n");
});
