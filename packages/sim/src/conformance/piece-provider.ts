import { intersectRanges, mergeRanges, type PieceProvider, StreamError } from "@riptide/core";
import * as fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  expectBytes,
  expectDemanded,
  expectPrefix,
  FILE_LENGTH,
  fileRange,
  LONG_READ,
  LONG_TRUTH,
  NEVER,
  PIECE,
  type PieceProviderHarness,
  type PieceProviderUnderTest,
  readAll,
  TRUTH,
  watch,
} from "./piece-provider-harness.ts";

export type { PieceProviderHarness, PieceProviderUnderTest } from "./piece-provider-harness.ts";

/** What every `PieceProvider` owes its callers: the exact meaning of the port's sentences. */
export function pieceProviderConformance(describeName: string, harness: PieceProviderHarness): void {
  describe(`${describeName} as a PieceProvider`, () => {
    let under: PieceProviderUnderTest;

    async function open(fileOffsetBytes = 0, bytes = TRUTH): Promise<PieceProvider> {
      await under?.dispose();
      under = await harness.create({ bytes, pieceLengthBytes: PIECE, fileOffsetBytes });
      return under.provider;
    }

    describe("reading what is there", () => {
      let provider: PieceProvider;
      beforeEach(async () => {
        provider = await open();
        for (const piece of [0, 1, 3]) await under.deliver(piece);
      });
      afterEach(() => under.dispose());

      it("tells the length of the file", () => {
        expect(provider.sizeBytes).toBe(FILE_LENGTH);
      });

      it.each([
        { title: "from the start", offset: 0, length: 100, atMost: 100 },
        { title: "from inside a piece", offset: 5000, length: 100, atMost: 100 },
        { title: "across two pieces that are there", offset: PIECE - 10, length: 20, atMost: 20 },
        { title: "up to the first missing piece", offset: PIECE + 7, length: FILE_LENGTH, atMost: PIECE - 7 },
        { title: "between missing pieces", offset: 3 * PIECE, length: 2 * PIECE, atMost: PIECE },
        { title: "one byte", offset: 2 * PIECE - 1, length: 1, atMost: 1 },
      ])("resolves with bytes $title", async ({ offset, length, atMost }) => {
        expectPrefix(await provider.readAt(offset, length, { signal: NEVER }), offset, atMost);
      });

      it.each([
        { title: "at the end of the file", offset: FILE_LENGTH, length: 10 },
        { title: "past the end of the file", offset: FILE_LENGTH + 10_000, length: 10 },
        { title: "nothing", offset: 0, length: 0 },
        { title: "nothing at a missing byte", offset: 2 * PIECE, length: 0 },
        { title: "very far away", offset: Number.MAX_SAFE_INTEGER, length: Number.MAX_SAFE_INTEGER },
      ])("resolves empty, without waiting, when it reads $title", async ({ offset, length }) => {
        expect(await provider.readAt(offset, length, { signal: NEVER })).toEqual(new Uint8Array(0));
        expect(under.demands()).toEqual([]);
      });

      it.each([
        { offset: -1, length: 1 },
        { offset: 0, length: -1 },
        { offset: 0.5, length: 1 },
        { offset: 0, length: 1.5 },
        { offset: Number.NaN, length: 1 },
        { offset: 0, length: Number.POSITIVE_INFINITY },
        { offset: 2 ** 53, length: 1 },
      ])("throws RangeError for offset $offset and length $length", async ({ offset, length }) => {
        const read = async (): Promise<Uint8Array> => provider.readAt(offset, length, { signal: NEVER });
        await expect(read()).rejects.toBeInstanceOf(RangeError);
        expect(under.demands()).toEqual([]);
      });

      it("gives bytes away for good: what a caller does to them, no later read sees", async () => {
        const first = await provider.readAt(100, 50, { signal: NEVER });
        first.fill(0);
        expectPrefix(await provider.readAt(100, 50, { signal: NEVER }), 100, 50);
      });

      it("gives long reads away for good, too: no later read writes into them", async () => {
        const long = await open(0, LONG_TRUTH);
        for (let piece = 0; piece * PIECE < LONG_TRUTH.length; piece += 1) await under.deliver(piece);
        const read = (offset: number): Promise<Uint8Array> => long.readAt(offset, LONG_READ, { signal: NEVER });
        const first = await read(0);
        const second = await read(PIECE);
        expectPrefix(first, 0, LONG_READ, LONG_TRUTH);
        first.fill(0);
        expectPrefix(second, PIECE, LONG_READ, LONG_TRUTH);
        expectPrefix(await read(0), 0, LONG_READ, LONG_TRUTH);
        expect(first.every((byte) => byte === 0)).toBe(true);
      });

      it("gives each of two readers bytes of its own", async () => {
        const both = await Promise.all([0, 1].map(() => provider.readAt(0, 50, { signal: NEVER })));
        both[0]?.fill(0);
        expectPrefix(both[1] ?? new Uint8Array(0), 0, 50);
      });

      it("leaves no demand behind", async () => {
        await provider.readAt(0, 100, { signal: NEVER });
        expect(under.demands()).toEqual([]);
      });

      it("rejects with the reason of a signal that is aborted already, even though the bytes are there", async () => {
        const reason = new Error("gone before it began");
        await expect(provider.readAt(0, 10, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
      });
    });

    describe("waiting for what is missing", () => {
      let provider: PieceProvider;
      beforeEach(async () => {
        provider = await open();
      });
      afterEach(() => under.dispose());

      it("waits for the first byte, whatever else arrives, and wakes on its piece", async () => {
        const read = watch(provider.readAt(PIECE + 5, 2 * PIECE, { signal: NEVER }));
        for (const other of [0, 4, 2]) {
          await under.deliver(other);
          await under.settle();
          expect(read.state).toBe("waiting");
        }
        await under.deliver(1);
        expectPrefix(await read.promise, PIECE + 5, 2 * PIECE);
      });

      it("does not wait for the rest: the first bytes are enough", async () => {
        const read = provider.readAt(0, FILE_LENGTH, { signal: NEVER });
        await under.deliver(0);
        expectPrefix(await read, 0, PIECE);
      });

      it("reads the short last piece, cut at the end of the file", async () => {
        const read = provider.readAt(4 * PIECE, PIECE, { signal: NEVER });
        await under.deliver(4);
        expectBytes(await read, TRUTH.subarray(4 * PIECE));
      });

      it.each(["now", "soon", "later"] as const)(
        "is a demand of urgency %s for its range while it waits",
        async (urgency) => {
          const read = provider.readAt(PIECE + 5, PIECE, { signal: NEVER, urgency });
          await under.settle();
          expectDemanded(under, { start: PIECE + 5, end: 2 * PIECE + 5 }, urgency);
          await under.deliver(1);
          await read;
          await under.settle();
          expect(under.demands()).toEqual([]);
        },
      );

      it("is a demand of urgency now unless it says otherwise", async () => {
        const controller = new AbortController();
        const read = watch(provider.readAt(0, 10, { signal: controller.signal }));
        await under.settle();
        expectDemanded(under, { start: 0, end: 10 }, "now");
        controller.abort();
        await expect(read.promise).rejects.toBe(controller.signal.reason);
      });

      it("wakes two readers of the same bytes on one piece, and gives both their own copy", async () => {
        const reads = [0, 1].map(() => provider.readAt(PIECE, 100, { signal: NEVER }));
        await under.deliver(1);
        const [left, right] = await Promise.all(reads);
        left?.fill(0);
        expectPrefix(right ?? new Uint8Array(0), PIECE, 100);
      });

      it("wakes of two readers at different places only the one whose piece arrives", async () => {
        const near = watch(provider.readAt(10, 100, { signal: NEVER }));
        const far = watch(provider.readAt(3 * PIECE, 100, { signal: NEVER }));
        await under.deliver(3);
        await under.settle();
        expect([near.state, far.state]).toEqual(["waiting", "resolved"]);
        await under.deliver(0);
        expectPrefix(await near.promise, 10, 100);
      });

      it("gives the same bytes in whatever order the pieces arrive", async () => {
        const arrival = fc.shuffledSubarray([0, 1, 2, 3, 4], { minLength: 5 });
        await fc.assert(
          fc.asyncProperty(arrival, fc.integer({ min: 1000, max: 2 * PIECE }), async (pieces, readLength) => {
            const file = readAll(await open(), readLength);
            for (const piece of pieces) {
              await under.deliver(piece);
              await under.settle();
            }
            expectBytes(await file, TRUTH);
          }),
          { numRuns: 15 },
        );
      });
    });

    describe("cancelling", () => {
      let provider: PieceProvider;
      beforeEach(async () => {
        provider = await open();
      });
      afterEach(() => under.dispose());

      it("rejects a waiting read with the signal's own reason, and its demand is gone at once", async () => {
        const controller = new AbortController();
        const read = watch(provider.readAt(0, PIECE, { signal: controller.signal }));
        await under.settle();
        const reason = new Error("the viewer left");
        controller.abort(reason);
        expect(under.demands()).toEqual([]);
        await expect(read.promise).rejects.toBe(reason);
      });

      it("rejects with an AbortError where the caller gave no reason", async () => {
        const controller = new AbortController();
        const read = watch(provider.readAt(0, PIECE, { signal: controller.signal }));
        controller.abort();
        await expect(read.promise).rejects.toMatchObject({ name: "AbortError" });
      });

      it("never becomes a demand when its signal is aborted already", async () => {
        const reason = new Error("gone before it began");
        const read = watch(provider.readAt(0, 10, { signal: AbortSignal.abort(reason) }));
        expect(under.demands()).toEqual([]);
        await expect(read.promise).rejects.toBe(reason);
      });

      it("leaves another reader of the same bytes waiting", async () => {
        const controller = new AbortController();
        const leaving = watch(provider.readAt(0, 100, { signal: controller.signal }));
        const staying = watch(provider.readAt(0, 100, { signal: NEVER }));
        await under.settle();
        controller.abort();
        await under.settle();
        expect([leaving.state, staying.state]).toEqual(["rejected", "waiting"]);
        expectDemanded(under, { start: 0, end: 100 }, "now");
        await under.deliver(0);
        expectPrefix(await staying.promise, 0, 100);
      });

      it("changes nothing when it is aborted after it resolved", async () => {
        const controller = new AbortController();
        await under.deliver(0);
        const bytes = await provider.readAt(0, 100, { signal: controller.signal });
        controller.abort();
        await under.settle();
        expectPrefix(bytes, 0, 100);
      });

      it("does not lose the piece: a later read of the same bytes still works", async () => {
        const controller = new AbortController();
        const read = watch(provider.readAt(0, 100, { signal: controller.signal }));
        controller.abort();
        await expect(read.promise).rejects.toBe(controller.signal.reason);
        await under.deliver(0);
        expectPrefix(await provider.readAt(0, 100, { signal: NEVER }), 0, 100);
      });
    });

    describe("wanting", () => {
      let provider: PieceProvider;
      beforeEach(async () => {
        provider = await open();
      });
      afterEach(() => under.dispose());

      it.each(["now", "soon", "later"] as const)(
        "holds a demand of urgency %s until it is disposed",
        async (urgency) => {
          const range = { start: PIECE, end: 3 * PIECE };
          const held = provider.want({ range, urgency, bytesPerSecond: 1_000_000 });
          await under.settle();
          expectDemanded(under, range, urgency);
          held[Symbol.dispose]();
          expect(under.demands()).toEqual([]);
        },
      );

      it("may be disposed twice, without touching an equal demand of somebody else", async () => {
        const demand = { range: { start: 0, end: PIECE }, urgency: "soon" } as const;
        const [mine, theirs] = [provider.want(demand), provider.want(demand)];
        mine[Symbol.dispose]();
        mine[Symbol.dispose]();
        await under.settle();
        expectDemanded(under, demand.range, "soon");
        theirs[Symbol.dispose]();
        expect(under.demands()).toEqual([]);
      });

      it("keeps the rest of overlapping demands when one is withdrawn", async () => {
        const now = provider.want({ range: { start: 0, end: 2 * PIECE }, urgency: "now" });
        const soon = provider.want({ range: { start: PIECE, end: 3 * PIECE }, urgency: "soon" });
        now[Symbol.dispose]();
        await under.settle();
        expect(under.demands().some((demand) => demand.urgency === "now")).toBe(false);
        expectDemanded(under, { start: PIECE, end: 3 * PIECE }, "soon");
        soon[Symbol.dispose]();
      });

      it("outlives a read of the same bytes that is cancelled", async () => {
        const held = provider.want({ range: { start: 0, end: PIECE }, urgency: "soon" });
        const controller = new AbortController();
        const read = watch(provider.readAt(0, PIECE, { signal: controller.signal }));
        controller.abort();
        await expect(read.promise).rejects.toBe(controller.signal.reason);
        expectDemanded(under, { start: 0, end: PIECE }, "soon");
        held[Symbol.dispose]();
      });

      it("may reach past the end of the file", async () => {
        const held = provider.want({ range: { start: 4 * PIECE, end: FILE_LENGTH + PIECE }, urgency: "later" });
        await under.settle();
        expectDemanded(under, { start: 4 * PIECE, end: FILE_LENGTH }, "later");
        expect(Math.max(...under.demands().map(({ range }) => range.end))).toBe(FILE_LENGTH);
        held[Symbol.dispose]();
      });
    });

    describe("failing", () => {
      let provider: PieceProvider;
      beforeEach(async () => {
        provider = await open();
        await under.deliver(2);
      });
      afterEach(() => under.dispose());

      it("rejects everything that waits with the same reason, and no demand of theirs is left", async () => {
        const reads = [0, PIECE, 3 * PIECE].map((offset) => watch(provider.readAt(offset, 10, { signal: NEVER })));
        await under.settle();
        await under.fail(new StreamError("no_peers", "Nobody has this film right now."));
        await under.settle();
        for (const read of reads) {
          await expect(read.promise).rejects.toMatchObject({ name: "StreamError", code: "no_peers" });
        }
        expect(under.demands()).toEqual([]);
      });

      it("still reads what is there", async () => {
        await under.fail(new StreamError("storage_failed", "The disk cannot be read."));
        expectPrefix(await provider.readAt(2 * PIECE, 10, { signal: NEVER }), 2 * PIECE, 10);
      });

      it("lets a failed read be tried again", async () => {
        const first = watch(provider.readAt(0, 10, { signal: NEVER }));
        await under.settle();
        await under.fail(new StreamError("no_peers", "Nobody has this film right now."));
        await expect(first.promise).rejects.toBeInstanceOf(StreamError);
        const again = provider.readAt(0, 10, { signal: NEVER });
        await under.deliver(0);
        expectPrefix(await again, 0, 10);
      });
    });

    describe("telling what is there", () => {
      afterEach(() => under.dispose());

      it.each([
        { title: "on a piece boundary", fileOffsetBytes: 0 },
        { title: "inside a piece", fileOffsetBytes: PIECE + 1234 },
      ])("is exact for a file that begins $title", async ({ fileOffsetBytes }) => {
        const [first, last] = [0, FILE_LENGTH - 1].map((byte) => Math.floor((fileOffsetBytes + byte) / PIECE));
        const pieces = Array.from({ length: last! - first! + 1 }, (_, index) => first! + index);
        const offset = fc.integer({ min: 0, max: FILE_LENGTH + PIECE });
        await fc.assert(
          fc.asyncProperty(fc.shuffledSubarray(pieces), fc.array(fc.tuple(offset, offset)), async (arrived, pairs) => {
            const provider = await open(fileOffsetBytes);
            for (const piece of arrived) await under.deliver(piece);
            const have = mergeRanges(arrived.map((piece) => fileRange(piece, fileOffsetBytes)));
            for (const [left, right] of pairs) {
              const range = { start: Math.min(left, right), end: Math.max(left, right) };
              expect(provider.available(range)).toEqual(have.flatMap((part) => intersectRanges(part, range) ?? []));
            }
          }),
          { numRuns: 25 },
        );
      });

      it("reads a file that does not begin on a piece boundary", async () => {
        const provider = await open(1234);
        const file = readAll(provider, PIECE);
        for (const piece of [4, 1, 0, 3, 2]) await under.deliver(piece);
        expectBytes(await file, TRUTH);
      });
    });
  });
}
