import { getEventListeners } from "node:events";
import { StreamError } from "@riptide/core";
import {
  type Arrivals,
  createRandom,
  createSimulatedPieceProvider,
  createVirtualClock,
  shuffledArrivals,
} from "@riptide/sim";
import { describe, expect, it } from "vitest";
import { drainEventLoop } from "./support/drain-event-loop.ts";

const NEVER = new AbortController().signal;
const PIECE = 1000;
const TRUTH = createRandom(1).bytes(4500);

function create(arrivals?: Arrivals, fileOffsetBytes = 0) {
  const clock = createVirtualClock({ drain: drainEventLoop });
  const options = { bytes: TRUTH, pieceLengthBytes: PIECE, fileOffsetBytes, clock };
  return { clock, provider: createSimulatedPieceProvider(arrivals ? { ...options, arrivals } : options) };
}

describe("the pieces of a simulated file", () => {
  it("are all there from the start, unless it is said otherwise, and were not fetched", async () => {
    const { provider } = create();
    expect(await provider.readAt(0, 10_000, { signal: NEVER })).toEqual(TRUTH);
    expect(provider.counters()).toEqual({
      fetchedBytes: 0,
      wastedBytes: 0,
      availableBytes: 4500,
      readBytes: 4500,
      demandsHeld: 0,
      readsWaiting: 0,
    });
  });

  it("are counted from the start of the torrent", () => {
    const { provider } = create({ kind: "manual" }, 2700);
    expect(provider.pieces).toEqual({ start: 2, end: 8 });
    expect([2, 3, 7].map((piece) => provider.rangeOfPiece(piece))).toEqual([
      { start: 0, end: 300 },
      { start: 300, end: 1300 },
      { start: 4300, end: 4500 },
    ]);
    expect([0, 299, 300, 4499].map((offset) => provider.pieceAt(offset))).toEqual([2, 2, 3, 7]);
    for (const piece of [1, 8]) expect(() => provider.deliver(piece)).toThrow(RangeError);
  });

  it("of an empty file are none", async () => {
    const { clock } = create();
    const provider = createSimulatedPieceProvider({ bytes: new Uint8Array(0), pieceLengthBytes: PIECE, clock });
    expect(provider.pieces).toEqual({ start: 0, end: 0 });
    expect(await provider.readAt(0, 10, { signal: NEVER })).toEqual(new Uint8Array(0));
    expect(provider.available({ start: 0, end: 10 })).toEqual([]);
  });
});

describe("scripted arrival", () => {
  it("brings each piece at its time, in whatever order", async () => {
    const events = [
      { piece: 3, atMs: 10 },
      { piece: 0, atMs: 20 },
    ];
    const { clock, provider } = create({ kind: "scripted", events });
    const read = provider.readAt(0, PIECE, { signal: NEVER });
    await clock.advance(10);
    expect(provider.available({ start: 0, end: 4500 })).toEqual([{ start: 3000, end: 4000 }]);
    expect(await clock.runUntil(read, 100)).toEqual(TRUTH.slice(0, PIECE));
    expect(clock.nowMs()).toBe(20);
  });

  it("can bring all pieces in an order that a seed decides", async () => {
    const pieces = { start: 0, end: 5 };
    const arrivals = shuffledArrivals(createRandom(9), pieces, 10);
    expect(arrivals).toEqual(shuffledArrivals(createRandom(9), pieces, 10));
    const { clock, provider } = create(arrivals);
    await clock.advance(49);
    expect(provider.counters().availableBytes).toBeLessThan(4500);
    await clock.advance(1);
    expect(provider.counters()).toMatchObject({ availableBytes: 4500, fetchedBytes: 4500 });
  });

  it("can let what waits fail", async () => {
    const failure = new StreamError("no_peers", "Nobody has this film right now.");
    const { clock, provider } = create({ kind: "scripted", events: [{ failure, atMs: 10 }] });
    await expect(clock.runUntil(provider.readAt(0, 1, { signal: NEVER }), 100)).rejects.toBe(failure);
  });

  it("stops when the provider is disposed", async () => {
    const { clock, provider } = create({ kind: "scripted", events: [{ piece: 0, atMs: 10 }] });
    provider[Symbol.dispose]();
    expect(clock.pendingTimers).toBe(0);
  });
});

describe("a corrupt piece", () => {
  it("is found out, counted, and never served", async () => {
    const events = [
      { piece: 0, atMs: 10, isCorrupt: true },
      { piece: 0, atMs: 30 },
    ];
    const { clock, provider } = create({ kind: "scripted", events });
    const read = provider.readAt(0, PIECE, { signal: NEVER });
    await clock.advance(10);
    expect(provider.counters()).toMatchObject({ wastedBytes: PIECE, availableBytes: 0, readsWaiting: 1 });
    expect(await clock.runUntil(read, 100)).toEqual(TRUTH.slice(0, PIECE));
    expect(clock.nowMs()).toBe(30);
    expect(provider.counters()).toMatchObject({ fetchedBytes: 2 * PIECE, wastedBytes: PIECE });
  });

  it.each([
    { title: "one wrong byte", bytes: TRUTH.slice(0, PIECE).fill(0, 500, 501), isTrue: TRUTH[500] === 0 },
    { title: "a byte too few", bytes: TRUTH.slice(0, PIECE - 1), isTrue: false },
    { title: "the bytes of another piece", bytes: TRUTH.slice(PIECE, 2 * PIECE), isTrue: false },
    { title: "its own bytes", bytes: TRUTH.slice(0, PIECE), isTrue: true },
  ])("is told from a good one: $title", ({ bytes, isTrue }) => {
    const { provider } = create({ kind: "manual" });
    expect(provider.receive(0, bytes)).toBe(isTrue);
    expect(provider.hasPiece(0)).toBe(isTrue);
  });
});

describe("what a simulated file remembers", () => {
  it("is which ranges were demanded, by whom and when", async () => {
    const { clock, provider } = create({ kind: "scripted", events: [{ piece: 1, atMs: 30 }] });
    const held = provider.want({ range: { start: 0, end: 9000 }, urgency: "later" });
    await clock.advance(10);
    const read = provider.readAt(PIECE, PIECE, { signal: NEVER, urgency: "soon" });
    expect(provider.demands()).toMatchObject([
      { range: { start: 0, end: 4500 }, urgency: "later", origin: "want" },
      { range: { start: PIECE, end: 2 * PIECE }, urgency: "soon", origin: "read" },
    ]);
    expect(provider.counters()).toMatchObject({ demandsHeld: 2, readsWaiting: 1 });
    await clock.runUntil(read, 100);
    expect(provider.demandLog()).toEqual([
      { range: { start: 0, end: 9000 }, urgency: "later", origin: "want", sinceMs: 0, untilMs: undefined },
      { range: { start: PIECE, end: 2 * PIECE }, urgency: "soon", origin: "read", sinceMs: 10, untilMs: 30 },
    ]);
    held[Symbol.dispose]();
    expect(provider.demandLog()[0]).toMatchObject({ untilMs: 30 });
    expect(provider.counters()).toMatchObject({ demandsHeld: 0, readsWaiting: 0 });
  });

  it("is bounded: the oldest demands are forgotten first", () => {
    const { provider } = create({ kind: "manual" });
    for (let start = 0; start < 10_001; start += 1) {
      provider.want({ range: { start, end: start + 1 }, urgency: "later" })[Symbol.dispose]();
    }
    expect(provider.demandLog()).toHaveLength(10_000);
    expect(provider.demandLog()[0]).toMatchObject({ range: { start: 1, end: 2 } });
  });

  it("tells listeners of every change, until they are disposed", async () => {
    const { provider } = create({ kind: "manual" });
    const changes: number[] = [];
    const listening = provider.onChange(() => changes.push(provider.counters().demandsHeld));
    const held = provider.want({ range: { start: 0, end: 10 }, urgency: "soon" });
    provider.deliver(0);
    held[Symbol.dispose]();
    listening[Symbol.dispose]();
    provider.deliver(1);
    expect(changes).toEqual([1, 1, 0]);
  });

  it("refuses a demand that is no range", () => {
    const { provider } = create();
    expect(() => provider.want({ range: { start: 5, end: 4 }, urgency: "now" })).toThrow(RangeError);
  });
});

describe("the end of a simulated file", () => {
  it("fails what waits and all that is read from then on, though the bytes are there", async () => {
    const { provider } = create({ kind: "manual" });
    provider.deliver(0);
    const removed = new StreamError("torrent_removed", "This torrent was removed.");
    const waiting = provider.readAt(PIECE, 1, { signal: NEVER });
    provider.close(removed);
    await expect(waiting).rejects.toBe(removed);
    await expect(provider.readAt(0, 1, { signal: NEVER })).rejects.toBe(removed);
  });

  it("leaves no listener on a signal, however a read ends", async () => {
    const { provider } = create({ kind: "manual" });
    const { signal } = new AbortController();
    const reads = [0, 3 * PIECE].map((offset) => provider.readAt(offset, 1, { signal }));
    expect(getEventListeners(signal, "abort")).toHaveLength(2);
    provider.deliver(0);
    provider.fail(new StreamError("no_peers", "Nobody has this film right now."));
    await Promise.allSettled(reads);
    expect(getEventListeners(signal, "abort")).toHaveLength(0);
  });
});
