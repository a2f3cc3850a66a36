import { type Demand, StreamError, sleep } from "@riptide/core";
import {
  createRandom,
  createSimulatedPieceProvider,
  createVirtualClock,
  type SimulatedSwarmOptions,
} from "@riptide/sim";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { mostUrgentPiece } from "../src/most-urgent-piece.ts";
import { drainEventLoop } from "./support/drain-event-loop.ts";

const NEVER = new AbortController().signal;
const BLOCK = 16 * 1024;
const PIECE = 4 * BLOCK;
const TRUTH = createRandom(1).bytes(10 * PIECE + 5000);

function create(options: SimulatedSwarmOptions, bytes = TRUTH) {
  const clock = createVirtualClock({ drain: drainEventLoop });
  const arrivals = { kind: "swarm", ...options } as const;
  return { clock, provider: createSimulatedPieceProvider({ bytes, pieceLengthBytes: PIECE, clock, arrivals }) };
}

describe("a simulated swarm", () => {
  it("sends nothing that nobody demands, and has no timer then", async () => {
    const { clock, provider } = create({ bytesPerSecond: 1e6, latencyMs: 50 });
    await clock.advance(10_000);
    expect(provider.counters().fetchedBytes).toBe(0);
    expect(clock.pendingTimers).toBe(0);
  });

  it("answers a read after one latency and the time its piece takes", async () => {
    const { clock, provider } = create({ bytesPerSecond: PIECE, latencyMs: 50 });
    await clock.runUntil(provider.readAt(10, 10, { signal: NEVER }), 10_000);
    expect(clock.nowMs()).toBeCloseTo(1050, 5);
    expect(provider.counters().fetchedBytes).toBe(PIECE);
  });

  it("keeps the link busy over many pieces, whatever the latency", async () => {
    const { clock, provider } = create({ bytesPerSecond: PIECE, latencyMs: 400 });
    provider.want({ range: { start: 0, end: 10 * PIECE }, urgency: "soon" });
    await clock.advance(400 + 10_000 - 1);
    expect(provider.counters().availableBytes).toBe(9 * PIECE);
    await clock.advance(2);
    expect(provider.counters().availableBytes).toBe(10 * PIECE);
  });

  it("brings the short last piece in the time of its own length", async () => {
    const { clock, provider } = create({ bytesPerSecond: 5000, latencyMs: 0 });
    const read = provider.readAt(10 * PIECE, PIECE, { signal: NEVER });
    expect(await clock.runUntil(read, 10_000)).toEqual(TRUTH.slice(10 * PIECE));
    expect(clock.nowMs()).toBeCloseTo(1000, 5);
  });

  it("turns to a more urgent demand within one latency, and goes on with the rest afterwards", async () => {
    const { clock, provider } = create({ bytesPerSecond: PIECE, latencyMs: 100 });
    provider.want({ range: { start: 0, end: 10 * PIECE }, urgency: "soon" });
    await clock.advance(500);
    const startMs = clock.nowMs();
    await clock.runUntil(provider.readAt(8 * PIECE, 10, { signal: NEVER }), 10_000);
    expect(clock.nowMs() - startMs).toBeLessThanOrEqual(1000 + 100 + (BLOCK / PIECE) * 1000);
    await clock.advance(10_000);
    expect(provider.available({ start: 0, end: 10 * PIECE })).toEqual([{ start: 0, end: 10 * PIECE }]);
  });

  it("stops when the demand is withdrawn: only what is under way still comes", async () => {
    const { clock, provider } = create({ bytesPerSecond: PIECE, latencyMs: 100 });
    const held = provider.want({ range: { start: 0, end: 10 * PIECE }, urgency: "now" });
    await clock.advance(2000);
    held[Symbol.dispose]();
    const before = provider.counters().fetchedBytes;
    await clock.advance(20_000);
    expect(provider.counters().fetchedBytes - before).toBeLessThanOrEqual(2 * BLOCK);
  });

  it("sends a piece again whose first arrival was corrupt", async () => {
    const { clock, provider } = create({ bytesPerSecond: PIECE, latencyMs: 0, corruptPieces: [1] });
    const read = provider.readAt(PIECE, PIECE, { signal: NEVER });
    expect(await clock.runUntil(read, 10_000)).toEqual(TRUTH.slice(PIECE, 2 * PIECE));
    expect(clock.nowMs()).toBeCloseTo(2000, 5);
    expect(provider.counters()).toMatchObject({ fetchedBytes: 2 * PIECE, wastedBytes: PIECE });
  });

  it("goes on when a reader that failed tries again", async () => {
    const { clock, provider } = create({ bytesPerSecond: PIECE, latencyMs: 0 });
    const first = provider.readAt(0, 10, { signal: NEVER });
    provider.fail(new StreamError("no_peers", "Nobody has this film right now."));
    await expect(first).rejects.toMatchObject({ code: "no_peers" });
    expect(await clock.runUntil(provider.readAt(0, 10, { signal: NEVER }), 10_000)).toEqual(TRUTH.slice(0, 10));
  });

  it("leaves no timer behind when it is disposed", async () => {
    const { clock, provider } = create({ bytesPerSecond: PIECE, latencyMs: 300 });
    provider.want({ range: { start: 0, end: PIECE }, urgency: "now" });
    await clock.advance(100);
    expect(clock.pendingTimers).toBeGreaterThan(1);
    provider[Symbol.dispose]();
    provider.want({ range: { start: 0, end: PIECE }, urgency: "now" });
    expect(clock.pendingTimers).toBe(0);
  });

  it("gives every reader the truth, for any link, piece and pattern of reading", async () => {
    const offset = fc.integer({ min: 0, max: TRUTH.length });
    const readers = fc.array(fc.record({ offset, pauseMs: fc.integer({ min: 0, max: 200 }) }), {
      minLength: 1,
      maxLength: 4,
    });
    const link = fc.record({
      bytesPerSecond: fc.integer({ min: 100_000, max: 10_000_000 }),
      latencyMs: fc.integer({ min: 0, max: 300 }),
      corruptPieces: fc.subarray([0, 1, 5, 10]),
    });
    await fc.assert(
      fc.asyncProperty(link, readers, async (options, starts) => {
        const { clock, provider } = create(options);
        const all = Promise.all(
          starts.map(async ({ offset: at, pauseMs }) => {
            await sleep(clock, pauseMs, NEVER);
            const bytes = await provider.readAt(at, PIECE, { signal: NEVER });
            expect(Buffer.compare(bytes, TRUTH.subarray(at, at + bytes.length))).toBe(0);
            expect(bytes.length > 0 || at === TRUTH.length).toBe(true);
          }),
        );
        await clock.runUntil(all, 60_000);
        expect(provider.counters()).toMatchObject({ demandsHeld: 0, readsWaiting: 0 });
      }),
      { numRuns: 20 },
    );
  });
});

describe("mostUrgentPiece", () => {
  it.each([
    { title: "nothing where nothing is demanded", demands: [], closed: [], piece: undefined },
    { title: "the first piece of a demand", demands: [demand(25, 60, "soon")], closed: [], piece: 2 },
    { title: "the next open piece of a demand", demands: [demand(25, 60, "soon")], closed: [2, 3], piece: 4 },
    {
      title: "nothing where all pieces are closed",
      demands: [demand(25, 39, "soon")],
      closed: [2, 3],
      piece: undefined,
    },
    { title: "no piece behind the end of a demand", demands: [demand(20, 30, "now")], closed: [2], piece: undefined },
    {
      title: "the most urgent piece, however far it is from the start of its demand",
      demands: [demand(0, 50, "later"), demand(10, 90, "now"), demand(50, 60, "soon")],
      closed: [1, 2, 3],
      piece: 4,
    },
    {
      title: "of equal demands the piece nearest to the start of its own",
      demands: [demand(0, 50, "soon"), demand(60, 90, "soon")],
      closed: [0, 1, 6],
      piece: 7,
    },
    {
      title: "of equal pieces that of the first demand",
      demands: [demand(60, 90, "soon"), demand(0, 50, "soon")],
      closed: [],
      piece: 6,
    },
  ])("chooses $title", ({ demands, closed, piece }) => {
    const isOpen = (each: number): boolean => !closed.includes(each);
    expect(mostUrgentPiece(demands, pieceAt, isOpen)).toBe(piece);
  });
});

function pieceAt(offset: number): number {
  return Math.floor(offset / 10);
}

function demand(start: number, end: number, urgency: Demand["urgency"]): Demand {
  return { range: { start, end }, urgency };
}
