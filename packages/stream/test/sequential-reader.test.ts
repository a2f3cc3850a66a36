import { type ByteRange, READAHEAD_MIN_BYTES, StreamError } from "@riptide/core";
import { createSimulatedPieceProvider, type SimulatedPieceProvider } from "@riptide/sim";
import { describe, expect, test } from "vitest";
import { SequentialReader } from "../src/sequential-reader.ts";
import { KIB, MIB, randomBytes, virtualClock } from "./support/context.ts";

const bytes = randomBytes(4 * MIB);

function provide(arrivals: "complete" | "manual" = "complete"): SimulatedPieceProvider {
  return createSimulatedPieceProvider({
    bytes,
    pieceLengthBytes: 64 * KIB,
    clock: virtualClock(),
    arrivals: { kind: arrivals },
  });
}

async function readToEnd(reader: SequentialReader, lengthBytes: number): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for (let chunk = await reader.next(lengthBytes); chunk !== undefined; chunk = await reader.next(lengthBytes)) {
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

const wanted = (provider: SimulatedPieceProvider): ByteRange[] =>
  provider.demands().flatMap(({ origin, range }) => (origin === "want" ? [range] : []));

const { signal } = new AbortController();

describe("Reading ranges one after the other", () => {
  test.each<[string, ByteRange[]]>([
    ["one range", [{ start: 100, end: 1 * MIB }]],
    [
      "several, in the given order",
      [
        { start: 0, end: 1000 },
        { start: 2 * MIB, end: 3 * MIB },
        { start: 500, end: 700 },
      ],
    ],
    [
      "empty ones in between",
      [
        { start: 5, end: 5 },
        { start: 7, end: 9 },
        { start: 9, end: 9 },
        { start: 1, end: 2 },
      ],
    ],
    ["none", []],
  ])("gives the bytes of %s, and demands nothing afterwards", async (_, ranges) => {
    const provider = provide();
    const reader = new SequentialReader(provider, ranges, { signal });
    const expected = Buffer.concat(ranges.map(({ start, end }) => bytes.subarray(start, end)));
    expect((await readToEnd(reader, 50_000)).equals(expected)).toBe(true);
    expect(provider.counters().demandsHeld).toBe(0);
    expect(await reader.next(1)).toBeUndefined();
  });

  test("demands its first byte from the start, and behind that the window ahead, before anything is read", () => {
    const provider = provide("manual");
    const reader = new SequentialReader(provider, [{ start: 1 * MIB, end: 3 * MIB }], { signal });
    expect(provider.demands()).toMatchObject([
      { urgency: "now", range: { start: 1 * MIB, end: 1 * MIB + 1 } },
      { urgency: "soon", range: { start: 1 * MIB, end: 1 * MIB + READAHEAD_MIN_BYTES } },
    ]);
    reader[Symbol.dispose]();
  });

  test("lets the window reach into the next range, and demands nothing between them", () => {
    const provider = provide("manual");
    const ranges = [
      { start: 0, end: 1000 },
      { start: 2 * MIB, end: 4 * MIB },
    ];
    const reader = new SequentialReader(provider, ranges, { signal });
    expect(wanted(provider)).toEqual([
      { start: 0, end: 1 },
      { start: 0, end: 1000 },
      { start: 2 * MIB, end: 2 * MIB + READAHEAD_MIN_BYTES - 1000 },
    ]);
    // What it reads of the first range comes first, however far apart they are.
    expect(provider.demands().map(({ distanceBytes }) => distanceBytes)).toEqual([0, 0, 1000]);
    reader[Symbol.dispose]();
  });

  test("moves the window with the read head, new before old, and cuts it at the end", async () => {
    const provider = provide();
    const reader = new SequentialReader(provider, [{ start: 0, end: 300 * KIB }], { signal });
    expect(wanted(provider)).toEqual([
      { start: 0, end: 1 },
      { start: 0, end: READAHEAD_MIN_BYTES },
    ]);
    await reader.next(100 * KIB);
    expect(wanted(provider)).toEqual([{ start: 100 * KIB, end: 300 * KIB }]);
    const [, before, after] = provider.demandLog();
    expect(after?.sinceMs).toBeLessThanOrEqual(before?.untilMs ?? -1);
    reader[Symbol.dispose]();
  });

  test("demands what is needed in any case from the start, and then what is left of it", async () => {
    const provider = provide();
    const reader = new SequentialReader(provider, [{ start: 0, end: 4 * MIB }], { signal, neededBytes: MIB });
    expect(wanted(provider)).toEqual([
      { start: 0, end: 1 },
      { start: 0, end: MIB },
    ]);
    await reader.next(100 * KIB);
    reader.skip(100 * KIB);
    expect(wanted(provider)).toEqual([{ start: 200 * KIB, end: MIB }]);
    reader[Symbol.dispose]();
  });

  test("ends where the file does, even if the ranges do not", async () => {
    const provider = provide();
    const { sizeBytes } = provider;
    const reader = new SequentialReader(provider, [{ start: sizeBytes - 10, end: sizeBytes + 10 }], { signal });
    expect(await reader.next(100)).toHaveLength(10);
    expect(await reader.next(100)).toBeUndefined();
    expect([await reader.next(100), wanted(provider)]).toEqual([undefined, []]);
  });

  test("passes over what nobody needs, also into the next range, and neither reads nor demands it", async () => {
    const provider = provide();
    const ranges = [
      { start: 0, end: 1000 },
      { start: 1 * MIB, end: 4 * MIB },
    ];
    const reader = new SequentialReader(provider, ranges, { signal });
    expect((await reader.next(100))?.length).toBe(100);
    expect(reader.offsetBytes).toBe(100);
    reader.skip(900 + 1 * MIB);
    expect(reader.offsetBytes).toBe(2 * MIB);
    expect(wanted(provider)).toEqual([{ start: 2 * MIB, end: 2 * MIB + READAHEAD_MIN_BYTES }]);
    expect(await reader.next(10)).toEqual(bytes.subarray(2 * MIB, 2 * MIB + 10));
    reader.skip(Number.MAX_SAFE_INTEGER);
    expect([reader.offsetBytes, provider.counters().demandsHeld]).toEqual([4 * MIB, 0]);
    expect(await reader.next(1)).toBeUndefined();
    expect(provider.counters().readBytes).toBe(110);
  });

  test("passes on the rate of the place where it reads, so that later bytes are due later", () => {
    const provider = provide("manual");
    const reader = new SequentialReader(provider, [{ start: 0, end: 4 * MIB }], {
      signal,
      bytesPerSecond: (offsetBytes) => (offsetBytes < 2 * MIB ? 5000 : 70_000),
    });
    expect(provider.demands()).toMatchObject([{ bytesPerSecond: 5000 }, { bytesPerSecond: 5000 }]);
    reader.skip(2 * MIB);
    expect(provider.demands()).toMatchObject([{ bytesPerSecond: 70_000 }]);
    reader[Symbol.dispose]();
  });
});

describe("A reader lets go of its demand", () => {
  test("when it is disposed, and demands nothing by a read that was under way", async () => {
    const provider = provide("manual");
    const reader = new SequentialReader(provider, [{ start: 0, end: 1 * MIB }], { signal });
    const read = reader.next(10);
    reader[Symbol.dispose]();
    provider.deliver(0);
    expect((await read)?.length).toBe(10);
    expect(provider.counters().demandsHeld).toBe(0);
  });

  test("when its signal is aborted while nobody reads", async () => {
    const provider = provide("manual");
    const client = new AbortController();
    const reader = new SequentialReader(provider, [{ start: 0, end: 1 * MIB }], { signal: client.signal });
    client.abort();
    expect(provider.counters().demandsHeld).toBe(0);
    await expect(reader.next(1)).rejects.toBe(client.signal.reason);
  });

  test("when its signal is aborted while it waits", async () => {
    const provider = provide("manual");
    const client = new AbortController();
    const read = new SequentialReader(provider, [{ start: 0, end: 1 * MIB }], { signal: client.signal }).next(1);
    client.abort(new DOMException("gone", "AbortError"));
    await expect(read).rejects.toBe(client.signal.reason);
    expect(provider.counters()).toMatchObject({ demandsHeld: 0, readsWaiting: 0 });
  });

  test("when its signal was aborted from the start", () => {
    const provider = provide("manual");
    new SequentialReader(provider, [{ start: 0, end: 1 * MIB }], { signal: AbortSignal.abort() })[Symbol.dispose]();
    expect(provider.demandLog()).toEqual([]);
  });

  test("when a read fails", async () => {
    const provider = provide("manual");
    const read = new SequentialReader(provider, [{ start: 0, end: 1 * MIB }], { signal }).next(1);
    const failure = new StreamError("no_peers", "No peer has this part.");
    provider.fail(failure);
    await expect(read).rejects.toBe(failure);
    expect(provider.counters().demandsHeld).toBe(0);
  });
});
