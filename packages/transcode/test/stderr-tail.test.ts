import { describe, expect, test } from "vitest";
import { StderrTail } from "../src/stderr-tail.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe("The tail of stderr", () => {
  test.each([
    ["nothing", [], ""],
    ["one line", ["moov atom not found\n"], "moov atom not found"],
    ["the last of several lines, without blanks behind it", ["a\nb\r\n  \n\n"], "b"],
    ["a line that came in parts", ["Invalid ", "data\n"], "Invalid data"],
    ["a line cut at 500 characters", ["x".repeat(2000)], "x".repeat(500)],
  ])("has as its last line: %s", (_, chunks, expected) => {
    const tail = new StderrTail();
    for (const chunk of chunks) tail.push(bytes(chunk));
    expect(tail.lastLine()).toBe(expected);
  });

  test("stays at 64 KiB, however much is written", () => {
    const tail = new StderrTail();
    for (let index = 0; index < 10_000; index += 1) tail.push(bytes(`line ${index} ${"y".repeat(1000)}\n`));
    tail.push(bytes("the end\n"));
    expect(tail.lengthBytes).toBe(64 * 1024);
    expect(tail.lastLine()).toBe("the end");
  });
});
