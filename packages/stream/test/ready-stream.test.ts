import type { ByteRange } from "@riptide/core";
import { describe, expect, test } from "vitest";
import { ReadyStream } from "../src/ready-stream.ts";
import { SequentialReader } from "../src/sequential-reader.ts";
import { createContext, KIB, MIB, randomBytes, virtualClock } from "./support/context.ts";

const bytes = randomBytes(2 * MIB);
const { signal } = new AbortController();

function open(ranges: readonly ByteRange[] = [{ start: 0, end: 2 * MIB }]) {
  const { provider } = createContext({
    bytes,
    clock: virtualClock(),
    pieceLengthBytes: 64 * KIB,
    arrivals: { kind: "manual" },
  });
  const reader = new SequentialReader(provider, ranges, { signal });
  const waited = (): ByteRange[] =>
    provider.demands().flatMap(({ origin, range }) => (origin === "read" ? [range] : []));
  return { provider, waited, stream: new ReadyStream(reader, provider) };
}

describe("A stream of what is ready", () => {
  test("gives as much as it may of what is there, and no more than that", async () => {
    const { provider, stream } = open();
    for (const piece of [0, 1, 2, 4]) provider.deliver(piece);
    expect(await stream.next(10 * KIB)).toEqual(bytes.subarray(0, 10 * KIB));
    expect(await stream.next(10 * KIB, 50 * KIB)).toEqual(bytes.subarray(10 * KIB, 60 * KIB));
    expect(await stream.next(10 * KIB, MIB)).toEqual(bytes.subarray(60 * KIB, 192 * KIB));
    expect(stream.offsetBytes).toBe(192 * KIB);
  });

  test("waits for what is not there, and makes no more of it urgent than it was asked for", async () => {
    const { provider, stream, waited } = open();
    provider.deliver(1);
    const chunk = stream.next(100 * KIB, MIB);
    expect(waited()).toEqual([{ start: 0, end: 100 * KIB }]);
    provider.deliver(0);
    expect(await chunk).toEqual(bytes.subarray(0, 100 * KIB));
    const next = stream.next(100 * KIB, MIB);
    expect(await next).toEqual(bytes.subarray(100 * KIB, 128 * KIB));
  });

  test("passes over what nobody needs, and ends where its ranges do", async () => {
    const { provider, stream } = open([
      { start: 0, end: 10 },
      { start: MIB, end: MIB + 20 },
    ]);
    for (const piece of [0, 16]) provider.deliver(piece);
    stream.skip(5);
    expect(await stream.next(1, MIB)).toEqual(bytes.subarray(5, 10));
    expect(await stream.next(1, MIB)).toEqual(bytes.subarray(MIB, MIB + 20));
    expect(await stream.next(1, MIB)).toBeUndefined();
  });
});
