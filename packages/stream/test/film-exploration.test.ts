import { StreamError } from "@riptide/core";
import { openMatroska } from "@riptide/media";
import { type Arrivals, createRandom, type SimulatedPieceProvider } from "@riptide/sim";
import * as fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { FilmExploration } from "../src/film-exploration.ts";
import type { FilmSegments, NeededSegments } from "../src/film-segments.ts";
import { createContext, drainEventLoop, KIB, requestOf, type TestContext, virtualClock } from "./support/context.ts";
import { unindexedDemo } from "./support/unindexed.ts";

const bytes = unindexedDemo();
const PIECE_BYTES = 16 * KIB;
/** What anybody sees of the film who has all of it. */
let whole: FilmSegments;

beforeAll(async () => {
  const { exploration, context } = await explore({ kind: "complete" });
  whole = await exploration.segments("news", context);
});

async function explore(arrivals: Arrivals) {
  const clock = virtualClock();
  const viewer = createContext({ bytes, clock, arrivals, pieceLengthBytes: PIECE_BYTES });
  const { context: present } = createContext({ bytes, clock });
  const exploration = new FilmExploration(await openMatroska(present.provider, present));
  /** Asks as a request of its own, and tells how many segments it was told of, or why none. */
  const ask = (needed: NeededSegments): TestContext & { readonly answer: Promise<number | string>; count: unknown } => {
    const request = requestOf(viewer.provider, clock);
    const answer = exploration.segments(needed, request.context).then(
      ({ plan }) => plan.length,
      (error: Error) => error.name,
    );
    const asked = { ...request, answer, count: undefined as unknown };
    void answer.then((count) => (asked.count = count));
    return asked;
  };
  return { ...viewer, clock, exploration, ask };
}

/** Lets all pieces come that lie in front of a byte, in order. */
async function deliverUpTo(provider: SimulatedPieceProvider, endBytes: number): Promise<void> {
  for (let piece = 0; piece * PIECE_BYTES < endBytes; piece += 1)
    if (!provider.hasPiece(piece)) provider.deliver(piece);
  await drainEventLoop();
}

/** The first byte from which on it is certain where a segment ends: its successor's first picture is there. */
const endOf = (number: number): number => whole.plan[number]!.stretch.to!.offsetBytes + 2 * PIECE_BYTES;
const idle = { demandsHeld: 0, readsWaiting: 0 };
const isQuiet = { ...idle };

describe("A film that is there", () => {
  test("is known as a whole when its first playlist is asked for", () => {
    expect(whole).toMatchObject({ isComplete: true, isExplored: true });
    expect(whole.plan.map(({ startSeconds }) => startSeconds)).toEqual([0, 4, 8, 12, 16, 20, 24, 28, 32, 36, 40, 44]);
    expect(whole.plan.at(-1)?.endSeconds).toBeCloseTo(48, 1);
    expect(whole.index.map(({ timeSeconds }) => timeSeconds)).toEqual(
      whole.plan.map(({ startSeconds }) => startSeconds),
    );
  });

  test("leaves no timer, read or demand behind", async () => {
    const { ask, clock, provider } = await explore({ kind: "complete" });
    expect(await ask("news").answer).toBe(12);
    expect(await ask("news").answer).toBe(12);
    await drainEventLoop();
    expect([clock.pendingTimers, provider.counters()]).toMatchObject([0, isQuiet]);
  });
});

describe("A film that comes", () => {
  test("is told of as soon as it is known where its first segment ends, to all who ask", async () => {
    const { ask, provider, clock } = await explore({ kind: "manual" });
    const asked = [ask("some"), ask("news"), ask("news"), ask(0)];
    await deliverUpTo(provider, endOf(0) - 5 * PIECE_BYTES);
    expect(asked.map(({ count }) => count)).toEqual([undefined, undefined, undefined, undefined]);
    await deliverUpTo(provider, endOf(0));
    expect(asked.map(({ count }) => count)).toEqual([1, 1, 1, 1]);
    await clock.advance(60_000);
    expect([clock.pendingTimers, provider.counters()]).toMatchObject([0, isQuiet]);
  });

  test("is read once, however many ask", async () => {
    const { ask, provider } = await explore({ kind: "manual" });
    for (let number = 0; number < 20; number += 1) ask("news");
    await drainEventLoop();
    expect(provider.counters().readsWaiting).toBe(1);
  });

  test("is not read on for somebody who plays nothing", async () => {
    const { ask, provider, clock } = await explore({ kind: "manual" });
    ask("news");
    await deliverUpTo(provider, endOf(0));
    expect(provider.counters()).toMatchObject(idle);
    // Its answer has not told of all, so that the next one who asks is answered at once.
    expect(await ask("news").answer).toBe(1);
    await clock.advance(60_000);
    expect(clock.pendingTimers).toBe(0);
  });

  test("is read a bounded time ahead of what is played", async () => {
    const swarm = { kind: "swarm", bytesPerSecond: 10_000_000, latencyMs: 20 } as const;
    const { ask, provider, clock } = await explore(swarm);
    expect(await clock.runUntil(ask("news").answer, 10_000)).toBeLessThan(3);
    expect(await clock.runUntil(ask(0).answer, 10_000)).toBeLessThan(3);
    await clock.advance(5000);
    expect(provider.counters()).toMatchObject(idle);
    const count = (await clock.runUntil(ask("news").answer, 10_000)) as number;
    // 14 s behind the first segment, and what had been asked for of the next ones.
    expect([count >= 5, count < 9]).toEqual([true, true]);
    expect(await clock.runUntil(ask("news").answer, 10_000)).toBe(count);
    expect(await clock.runUntil(ask(4).answer, 10_000)).toBeGreaterThanOrEqual(count);
    await clock.advance(5000);
    expect(await clock.runUntil(ask("news").answer, 10_000)).toBeGreaterThan(count);
  });

  test("keeps somebody waiting who has asked for all that is known, until there is more", async () => {
    const { ask, provider, clock } = await explore({ kind: "manual" });
    await deliverUpTo(provider, endOf(0));
    expect(await ask(0).answer).toBe(1);
    const waiting = ask("news");
    await clock.advance(5000);
    expect(waiting.count).toBeUndefined();
    await deliverUpTo(provider, endOf(1));
    expect(waiting.count).toBe(2);
    const patient = ask(1);
    expect(await patient.answer).toBe(2);
    const again = ask("news");
    await clock.advance(6900);
    expect(again.count).toBeUndefined();
    await clock.advance(200);
    expect(again.count).toBe(2);
  });

  test("is told of as it comes, where it comes fast but is long", async () => {
    const { ask, clock, exploration, provider } = await explore({ kind: "complete" });
    const readAt = provider.readAt.bind(provider);
    // Bytes that are there, from a disk that takes a tenth of a second for each read.
    provider.readAt = async (offset, length, options) => {
      await new Promise<void>((resolve) => clock.setTimer(100, resolve));
      return readAt(offset, Math.min(length, 64 * KIB), options);
    };
    const { context } = requestOf(provider, clock);
    const first = await clock.runUntil(exploration.segments("news", context), 2000);
    expect(first.isComplete).toBe(false);
    expect(first.plan.length).toBeGreaterThan(0);
    expect(await clock.runUntil(ask("news").answer, 2000)).toBeGreaterThan(first.plan.length);
  });
});

describe("A segment that is not known", () => {
  test("is looked for as far as the bytes are there: a player goes on after a new start of the server", async () => {
    const { ask, provider } = await explore({ kind: "manual" });
    await deliverUpTo(provider, endOf(7));
    expect(await ask(7).answer).toBe(8);
  });

  test("is not fetched", async () => {
    const { ask, provider } = await explore({ kind: "manual" });
    await deliverUpTo(provider, endOf(2));
    expect(await ask(9).answer).toBe(3);
    expect(provider.counters()).toMatchObject(idle);
    expect(await ask(2).answer).toBe(3);
    await drainEventLoop();
    expect(provider.counters().readsWaiting).toBe(1);
    expect(await ask(9).answer).toBe(3);
  });
});

describe("Who leaves", () => {
  test("takes all along that was waited for only for him", async () => {
    const { ask, provider, clock } = await explore({ kind: "manual" });
    const [one, other] = [ask("news"), ask("some")];
    await drainEventLoop();
    one.client.abort();
    expect(await one.answer).toBe("AbortError");
    await drainEventLoop();
    expect(provider.counters().readsWaiting).toBe(1);
    other.client.abort();
    expect(await other.answer).toBe("AbortError");
    await drainEventLoop();
    expect([clock.pendingTimers, provider.counters()]).toMatchObject([0, isQuiet]);
  });

  test("and is followed by another at once is no trouble", async () => {
    const { ask, provider } = await explore({ kind: "manual" });
    const one = ask("news");
    await drainEventLoop();
    one.client.abort();
    await one.answer;
    const other = ask("news");
    await deliverUpTo(provider, bytes.length);
    expect(await other.answer).toBe(12);
  });

  test("without a word is missed after a while, and what was found is kept", async () => {
    const { ask, provider, clock } = await explore({ kind: "manual" });
    await deliverUpTo(provider, endOf(0));
    expect(await ask(0).answer).toBe(1);
    await clock.advance(14_000);
    expect(provider.counters().readsWaiting).toBe(1);
    await clock.advance(1100);
    expect([clock.pendingTimers, provider.counters()]).toMatchObject([0, isQuiet]);
    const readBytes = provider.counters().readBytes;
    expect(ask("news").count).toBeUndefined();
    await deliverUpTo(provider, endOf(1));
    expect(provider.counters().readBytes - readBytes).toBeLessThan(endOf(1) - endOf(0) + 8 * PIECE_BYTES);
  });

  test("is not missed while another waits", async () => {
    const { ask, provider, clock } = await explore({ kind: "manual" });
    const waiting = ask("news");
    await clock.advance(120_000);
    await deliverUpTo(provider, endOf(0));
    expect(waiting.count).toBe(1);
  });
});

test("A film in another container is cut by what its demuxer tells, though it has no head", async () => {
  const clock = virtualClock();
  const { context } = createContext({ bytes: new Uint8Array(1000), clock });
  const places = [0, 4, 5, 30].map(
    (timeSeconds) => ({ kind: "keyframe", timeSeconds, offsetBytes: 10 * timeSeconds }) as const,
  );
  const exploration = new FilmExploration({
    container: "mpegts",
    durationSeconds: undefined,
    tracks: [],
    keyIndex: async () => undefined,
    async *packets() {},
    async *walkPlaces(from) {
      yield* places.filter(({ offsetBytes }) => offsetBytes >= (from?.offsetBytes ?? 0));
      yield { kind: "end", timeSeconds: 31, offsetBytes: 1000 };
    },
  });
  const { plan, index } = await exploration.segments("news", context);
  expect(plan.map(({ endSeconds }) => endSeconds)).toEqual([4, 5, 30, 31]);
  expect(index[0]).toEqual({ timeSeconds: 0, offsetBytes: 0 });
});

test("What the swarm cannot deliver is told to those who wait, and tried again for the next", async () => {
  const { ask, provider, clock } = await explore({ kind: "manual" });
  await deliverUpTo(provider, endOf(0));
  expect(await ask(0).answer).toBe(1);
  const asked = [ask("news"), ask("news")];
  await drainEventLoop();
  provider.fail(new StreamError("no_peers", "Nobody has it."));
  expect(await Promise.all(asked.map(({ answer }) => answer))).toEqual(["StreamError", "StreamError"]);
  expect([clock.pendingTimers, provider.counters()]).toMatchObject([0, isQuiet]);
  const again = ask("news");
  await deliverUpTo(provider, endOf(1));
  expect(again.count).toBe(2);
});

test("A film is cut the same, in whatever order its bytes come, and whatever is asked meanwhile", async () => {
  const needs = fc.oneof(fc.constantFrom<NeededSegments[]>("some", "news"), fc.nat({ max: 14 }));
  await fc.assert(
    fc.asyncProperty(fc.nat(), fc.array(needs, { minLength: 5, maxLength: 40 }), async (seed, asked) => {
      const { ask, provider, exploration, clock, context } = await explore({ kind: "manual" });
      const { start, end } = provider.pieces;
      const order = createRandom(seed).shuffle(Array.from({ length: end - start }, (_, piece) => start + piece));
      for (const [number, needed] of asked.entries()) {
        const { client } = ask(needed);
        if (number % 3 === 0) client.abort();
        for (const piece of order.splice(0, order.length / (asked.length - number))) provider.deliver(piece);
        await clock.advance(1000 * (number % 17));
      }
      for (const piece of order) provider.deliver(piece);
      expect(await clock.runUntil(exploration.segments(11, context), 10_000)).toEqual(whole);
    }),
    { numRuns: 15 },
  );
});
