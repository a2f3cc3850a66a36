import { describe, expect, test } from "vitest";
import { MemoryStream } from "../../../media/test/support/memory-stream.ts";
import { StreamWindow } from "../../src/virtual/stream-window.ts";

const FILE = Uint8Array.from({ length: 100 }, (_, index) => index);

describe("A window of a stream", () => {
  test("ends where it ends, and the next one begins there", async () => {
    const stream = new MemoryStream(FILE, { start: 10, end: 100 }, () => 7);
    const first = new StreamWindow(stream, 10);
    expect(first.offsetBytes).toBe(10);
    expect(await first.next(50)).toEqual(FILE.subarray(10, 17));
    expect(await first.next(50)).toEqual(FILE.subarray(17, 20));
    expect(await first.next(50)).toBeUndefined();
    expect(await new StreamWindow(stream, 10).next(5)).toEqual(FILE.subarray(20, 25));
  });

  test("passes over no more than what is in it, and reads nothing for it", async () => {
    const stream = new MemoryStream(FILE, { start: 0, end: 100 });
    const first = new StreamWindow(stream, 30);
    first.skip(20);
    expect(await first.next(4)).toEqual(FILE.subarray(20, 24));
    first.skip(1000);
    expect(await first.next(4)).toBeUndefined();
    const second = new StreamWindow(stream, 30);
    second.end();
    expect([stream.offsetBytes, stream.readBytes]).toEqual([60, 4]);
  });

  test("ends with what is behind it", async () => {
    const window = new StreamWindow(new MemoryStream(FILE, { start: 95, end: 100 }), 30);
    expect(await window.next(30)).toEqual(FILE.subarray(95));
    expect(await window.next(30)).toBeUndefined();
  });
});
