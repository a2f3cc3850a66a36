import { createVirtualClock } from "@riptide/sim";
import { describe, expect, it } from "vitest";
import type { BlockRequest } from "../../src/types.ts";
import { MAX_QUEUED_REQUESTS, RateLimiter, Uploader, type UploaderOptions } from "../../src/upload/index.ts";
import { BLOCK_HEADER_BYTES } from "../../src/wire/messages.ts";
import { patternBytes } from "../wire/message-samples.ts";

const KIB = 1024;
const BLOCK_BYTES = 16 * KIB;
/** Three pieces of 1 MiB, the last cut to 100,000 bytes. */
const GEOMETRY = { pieceCount: 3, pieceLengthBytes: KIB * KIB, sizeBytes: 2 * KIB * KIB + 100_000 };
const CONTENT = patternBytes(GEOMETRY.sizeBytes, 1);

/** Lets everything that can go on go on. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function block(piece: number, index: number, length = BLOCK_BYTES): BlockRequest {
  return { piece, offset: index * BLOCK_BYTES, length };
}

/** Of the first two pieces, as if they were one, and again. */
function blockAt(index: number): BlockRequest {
  return block(Math.floor(index / 64) % 2, index % 64);
}

function blocks(piece: number, count: number): BlockRequest[] {
  return Array.from({ length: count }, (_, index) => block(piece, index));
}

/** What a peer asks in one burst. */
async function ask(uploader: Uploader, requests: readonly BlockRequest[]): Promise<void> {
  for (const request of requests) uploader.request(request);
  await settle();
}

class FakeWire {
  readonly sent: BlockRequest[] = [];
  readonly rejected: BlockRequest[] = [];
  readonly closeReasons: string[] = [];
  wrongBytes = 0;
  queuedBytes = 0;
  /** The peer takes all at once. */
  isFast = false;
  #drained: (() => void)[] = [];

  get isClosed(): boolean {
    return this.closeReasons.length > 0;
  }
  block(piece: number, offset: number, data: Uint8Array): void {
    this.sent.push({ piece, offset, length: data.length });
    if (!this.isFast) this.queuedBytes += BLOCK_HEADER_BYTES + data.length;
    const start = piece * GEOMETRY.pieceLengthBytes + offset;
    if (Buffer.compare(data, CONTENT.subarray(start, start + data.length)) !== 0) this.wrongBytes += data.length;
  }
  reject(rejected: BlockRequest): void {
    this.rejected.push(rejected);
  }
  close(reason: string): void {
    this.closeReasons.push(reason);
  }
  drained(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#drained.push(resolve);
      signal.addEventListener("abort", () => reject(signal.reason));
    });
  }
  get drainWaits(): number {
    return this.#drained.length;
  }
  drain(): void {
    this.queuedBytes = 0;
    for (const resolve of this.#drained.splice(0)) resolve();
  }
}

/** An uploader whose reads answer when the test says so. */
function setUp(options: Partial<UploaderOptions> = {}) {
  const wire = new FakeWire();
  const reads: {
    offset: number;
    length: number;
    signal: AbortSignal;
    answer: (bytes?: Uint8Array) => void;
    fail: () => void;
  }[] = [];
  let uploadedBytes = 0;
  const uploader = new Uploader({
    wire,
    geometry: GEOMETRY,
    hasPiece: () => true,
    nowMs: () => 0,
    read: (offset, length, { signal }) =>
      new Promise((resolve, reject) => {
        const answer = (bytes = CONTENT.subarray(offset, offset + length)): void => resolve(bytes);
        reads.push({ offset, length, signal, answer, fail: () => reject(new Error("The disk is gone")) });
      }),
    onUploaded: (bytes) => {
      uploadedBytes += bytes;
    },
    ...options,
  });
  uploader.setChoking(false);
  return { wire, reads, uploader, uploadedBytes: () => uploadedBytes };
}

/** The same for a peer that has taken 30 blocks as soon as they were there. */
async function setUpFast() {
  const set = setUp();
  await ask(set.uploader, blocks(1, 30));
  for (let turn = 0; turn < 4; turn += 1) {
    set.reads.at(-1)!.answer();
    await settle();
    set.wire.drain();
    await settle();
  }
  for (const list of [set.reads, set.wire.sent]) list.length = 0;
  return set;
}

describe("Uploader", () => {
  it("answers a request with its bytes", async () => {
    const { wire, reads, uploader, uploadedBytes } = setUp();
    await ask(uploader, [block(1, 2)]);
    expect(reads.map(({ offset, length }) => [offset, length])).toEqual([[KIB * KIB + 2 * BLOCK_BYTES, BLOCK_BYTES]]);
    reads[0]!.answer();
    await settle();
    expect(wire.sent).toEqual([block(1, 2)]);
    expect([wire.wrongBytes, uploadedBytes(), uploader.queuedRequests]).toEqual([0, BLOCK_BYTES, 0]);
  });

  it("reads adjacent blocks in one go, 32 at most, and only one run at a time", async () => {
    const { wire, reads, uploader } = await setUpFast();
    await ask(uploader, blocks(0, 64));
    for (let turn = 0; turn < 2; turn++) {
      reads.at(-1)!.answer();
      await settle();
      wire.drain();
      await settle();
    }
    expect(reads.map(({ length }) => length / BLOCK_BYTES)).toEqual([32, 32]);
    expect(wire.sent).toEqual(blocks(0, 64));
    expect(wire.wrongBytes).toBe(0);
  });

  it("splits a run where the blocks are not adjacent, and joins it across pieces", async () => {
    const { wire, reads, uploader } = await setUpFast();
    const asked = [block(0, 5), block(0, 63), block(1, 0), block(1, 1), block(1, 1), block(0, 0), block(0, 2)];
    await ask(uploader, asked);
    for (let turn = 0; turn < 5; turn++) {
      reads.at(-1)!.answer();
      await settle();
    }
    expect(reads.map(({ offset, length }) => [offset / BLOCK_BYTES, length / BLOCK_BYTES])).toEqual([
      [5, 1],
      [63, 3],
      [65, 1],
      [0, 1],
      [2, 1],
    ]);
    expect(wire.sent).toEqual(asked);
    expect(wire.wrongBytes).toBe(0);
  });

  it("keeps a run of large requests below 512 KiB", async () => {
    const { wire, reads, uploader } = await setUpFast();
    const large = Array.from({ length: 8 }, (_, index) => ({ piece: 0, offset: index * 128 * KIB, length: 128 * KIB }));
    await ask(uploader, large);
    reads[0]!.answer();
    await settle();
    wire.drain();
    await settle();
    expect(reads.map(({ length }) => length / KIB)).toEqual([512, 512]);
  });

  it("serves the last, shorter block of the torrent", async () => {
    const { wire, reads, uploader } = setUp();
    const last = { piece: 2, offset: 98_304, length: 100_000 - 98_304 };
    await ask(uploader, [last]);
    reads[0]!.answer();
    await settle();
    expect([wire.sent, wire.wrongBytes]).toEqual([[last], 0]);
  });
});

describe("the bounds of an uploader", () => {
  const impossible: [string, BlockRequest][] = [
    ["behind the last piece", { piece: 3, offset: 0, length: 1 }],
    ["in piece 4,294,967,295", { piece: 0xffff_ffff, offset: 0, length: 1 }],
    ["of no bytes", { piece: 0, offset: 0, length: 0 }],
    ["of 128 KiB and a byte", { piece: 0, offset: 0, length: 128 * KIB + 1 }],
    ["of 4 GB", { piece: 0, offset: 0, length: 0xffff_ffff }],
    ["beyond the end of a piece", { piece: 0, offset: KIB * KIB - 1, length: 2 }],
    ["at offset 4,294,967,295", { piece: 0, offset: 0xffff_ffff, length: 1 }],
    ["beyond the end of the torrent", { piece: 2, offset: 98_304, length: BLOCK_BYTES }],
  ];
  it.each(impossible)("rejects a request %s, and closes at the second", async (_, request) => {
    const { wire, reads, uploader } = setUp();
    await ask(uploader, [request]);
    expect([wire.rejected, wire.closeReasons]).toEqual([[request], []]);
    await ask(uploader, [request]);
    expect(wire.closeReasons).toEqual(["impossible requests"]);
    expect(reads).toHaveLength(0);
  });

  it("rejects requests of a choked peer without holding them against it", async () => {
    const { wire, reads, uploader } = setUp();
    uploader.setChoking(true);
    await ask(uploader, blocks(0, 3));
    expect([wire.rejected, wire.closeReasons, reads.length]).toEqual([blocks(0, 3), [], 0]);
  });

  it("starts choked", async () => {
    const { wire, reads } = setUp();
    const uploader = new Uploader({
      wire,
      geometry: GEOMETRY,
      hasPiece: () => true,
      nowMs: () => 0,
      read: () => Promise.reject(new Error("never")),
      onUploaded: () => undefined,
    });
    await ask(uploader, [block(0, 0)]);
    expect([wire.rejected, reads.length]).toEqual([[block(0, 0)], 0]);
  });

  it("rejects a piece that we do not have", async () => {
    const { wire, reads, uploader } = setUp({ hasPiece: (piece) => piece !== 1 });
    await ask(uploader, [block(1, 0)]);
    await ask(uploader, [block(0, 0)]);
    expect(wire.rejected).toEqual([block(1, 0)]);
    expect(reads).toHaveLength(1);
  });

  it("keeps 512 requests and rejects the rest, then takes more as they are served", async () => {
    const { wire, reads, uploader } = await setUpFast();
    await ask(uploader, [block(0, 0)]);
    for (let count = 0; count < MAX_QUEUED_REQUESTS + 10; count++) uploader.request(block(0, count % 64));
    expect([uploader.queuedRequests, wire.rejected.length]).toEqual([512, 10]);
    reads[0]!.answer();
    await settle();
    expect(uploader.queuedRequests).toBe(480);
    await ask(uploader, [block(0, 1)]);
    expect([uploader.queuedRequests, wire.rejected.length]).toEqual([481, 10]);
  });

  it("reads no more while over 512 KiB wait for the socket", async () => {
    const { wire, reads, uploader } = await setUpFast();
    await ask(uploader, [...blocks(0, 64), ...blocks(1, 32)]);
    reads[0]!.answer();
    await settle();
    expect([wire.sent.length, wire.drainWaits, reads.length]).toEqual([32, 1, 1]);
    wire.drain();
    await settle();
    expect(reads).toHaveLength(2);
  });
});

describe("what interrupts an uploader", () => {
  it("a cancel takes a waiting request out and rejects it, as BEP 6 wants", async () => {
    const { wire, reads, uploader } = setUp();
    await ask(uploader, [block(0, 0)]);
    await ask(uploader, [block(0, 1), block(0, 2), block(0, 3)]);
    uploader.cancel(block(0, 2));
    expect(wire.rejected).toEqual([block(0, 2)]);
    reads[0]!.answer();
    await settle();
    expect(reads.map(({ length }) => length / BLOCK_BYTES)).toEqual([1, 1]);
  });

  it.each([
    ["that is being read", block(0, 0)],
    ["that nobody made", block(1, 7)],
    ["of another length", block(0, 1, 5)],
  ])("a cancel of a request %s changes nothing", async (_, cancelled) => {
    const { wire, reads, uploader } = setUp();
    await ask(uploader, blocks(0, 2));
    uploader.cancel(cancelled);
    reads[0]!.answer();
    await settle();
    expect([wire.sent, wire.rejected]).toEqual([blocks(0, 2), []]);
  });

  it("a choke rejects all that waits and what is being read, and an unchoke starts afresh", async () => {
    const { wire, reads, uploader } = setUp();
    await ask(uploader, [block(0, 0)]);
    await ask(uploader, [block(0, 1), block(0, 2)]);
    uploader.setChoking(true);
    expect(wire.rejected).toEqual([block(0, 1), block(0, 2)]);
    reads[0]!.answer();
    await settle();
    expect([wire.sent, wire.rejected]).toEqual([[], [block(0, 1), block(0, 2), block(0, 0)]]);
    uploader.setChoking(false);
    await ask(uploader, [block(0, 9)]);
    reads[1]!.answer();
    await settle();
    expect(wire.sent).toEqual([block(0, 9)]);
  });

  it.each([
    ["fails", undefined],
    ["comes up short", CONTENT.subarray(0, 10)],
  ])("a read that %s rejects its run, and the next one is served", async (_, bytes) => {
    const { wire, reads, uploader, uploadedBytes } = setUp();
    await ask(uploader, [block(0, 0), block(1, 0), block(1, 1), block(2, 0)]);
    reads[0]!.answer();
    await settle();
    if (bytes === undefined) reads[1]!.fail();
    else reads[1]!.answer(bytes);
    await settle();
    reads[2]!.answer();
    await settle();
    expect(wire.rejected).toEqual([block(1, 0), block(1, 1)]);
    expect(wire.sent).toEqual([block(0, 0), block(2, 0)]);
    expect(uploadedBytes()).toBe(2 * BLOCK_BYTES);
  });

  it("closing aborts the read and sends nothing more", async () => {
    const { wire, reads, uploader, uploadedBytes } = setUp();
    await ask(uploader, blocks(0, 3));
    uploader.close();
    expect(reads[0]!.signal.aborted).toBe(true);
    reads[0]!.answer();
    await settle();
    expect([wire.sent, wire.rejected, reads.length, uploadedBytes(), uploader.queuedRequests]).toEqual([
      [],
      [],
      1,
      0,
      0,
    ]);
  });

  it("closing ends the wait for a full socket", async () => {
    const { wire, reads, uploader } = await setUpFast();
    await ask(uploader, [...blocks(0, 64), ...blocks(1, 32)]);
    reads[0]!.answer();
    await settle();
    expect(wire.drainWaits).toBe(1);
    uploader.close();
    await settle();
    wire.drain();
    await settle();
    expect(reads).toHaveLength(1);
  });

  it("a closed wire ends it even if nobody says so", async () => {
    const { wire, reads, uploader } = setUp();
    await ask(uploader, [block(0, 0), block(1, 0)]);
    wire.close("gone");
    reads[0]!.answer();
    await settle();
    expect(reads).toHaveLength(1);
  });
});

/** An uploader whose reads answer at once, and whose bytes are rationed. */
function limited(bytesPerSecond: number) {
  const clock = createVirtualClock({ drain: settle });
  const set = setUp({
    nowMs: () => clock.nowMs(),
    limiter: new RateLimiter(bytesPerSecond, clock),
    read: (offset, length) => Promise.resolve(CONTENT.subarray(offset, offset + length)),
  });
  set.wire.isFast = true;
  return { clock, ...set };
}

/** Serves a peer that takes so much, and always asks for more; what was read at once, in blocks, and the longest wait of what is said behind it. */
async function serveAtPace(bytesPerSecond: number, turns: number) {
  const clock = createVirtualClock({ drain: settle });
  const set = setUp({ nowMs: () => clock.nowMs() });
  let longestWaitMs = 0;
  for (let turn = 0; turn < turns; turn += 1) {
    await ask(
      set.uploader,
      Array.from({ length: 32 }, (_, index) => blockAt(32 * turn + index)),
    );
    set.reads.at(-1)!.answer();
    await settle();
    const waitMs = (set.wire.queuedBytes / bytesPerSecond) * 1000;
    longestWaitMs = Math.max(longestWaitMs, waitMs);
    await clock.advance(waitMs);
    set.wire.drain();
    await settle();
  }
  return { runs: set.reads.map(({ length }) => length / BLOCK_BYTES).slice(0, turns), longestWaitMs };
}

describe("a peer that is served", () => {
  it("gets more at once the faster it takes it, up to 512 KiB", async () => {
    const { runs } = await serveAtPace(10_000_000, 6);
    expect(runs).toEqual([2, 4, 8, 16, 32, 32]);
  });

  it("gets as much as lets what is said behind it wait for no more than a quarter of a second", async () => {
    const { runs, longestWaitMs } = await serveAtPace(500_000, 8);
    expect(runs).toEqual([2, 4, 4, 4, 4, 4, 4, 4]);
    expect(longestWaitMs).toBeLessThanOrEqual(250);
  });

  it("gets two blocks at once if it takes long even for them", async () => {
    expect((await serveAtPace(50_000, 4)).runs).toEqual([2, 2, 2, 2]);
  });
});

describe("an uploader with a rate limit", () => {
  it("sends at that rate, in portions that do not stall the others", async () => {
    const { clock, uploader, uploadedBytes, wire } = limited(100_000);
    await ask(uploader, blocks(0, 64));
    const perSecond: number[] = [];
    for (let second = 0; second < 10; second++) {
      const before = uploadedBytes();
      await clock.advance(1000);
      perSecond.push(uploadedBytes() - before);
    }
    // A bucket of a quarter of a second and blocks of 16 KiB: no second is off by more than both.
    for (const bytes of perSecond) expect(Math.abs(bytes - 100_000)).toBeLessThanOrEqual(25_000 + 2 * BLOCK_BYTES);
    expect(Math.abs(uploadedBytes() - 1_000_000)).toBeLessThanOrEqual(25_000 + 2 * BLOCK_BYTES);
    expect(wire.wrongBytes).toBe(0);
  });

  it("respects a cancel while it waits for its turn", async () => {
    const { clock, uploader, wire } = limited(16_384);
    await ask(uploader, blocks(0, 4));
    await settle();
    uploader.cancel(block(0, 2));
    await clock.advance(10_000);
    expect(wire.sent).toEqual([block(0, 0), block(0, 1), block(0, 3)]);
  });

  it("goes on after everything that waited for its turn was cancelled", async () => {
    const { clock, uploader, wire } = limited(16_384);
    await ask(uploader, blocks(0, 3));
    await settle();
    for (const request of blocks(0, 3)) uploader.cancel(request);
    await clock.advance(10_000);
    await ask(uploader, [block(1, 0)]);
    await clock.advance(10_000);
    expect(wire.sent.at(-1)).toEqual(block(1, 0));
  });

  it("stops waiting for its turn when it is closed, and leaves the turn to others", async () => {
    const { clock, uploader, wire } = limited(1000);
    await ask(uploader, blocks(0, 3));
    await settle();
    const sentBefore = wire.sent.length;
    uploader.close();
    await clock.advance(100_000);
    expect(wire.sent).toHaveLength(sentBefore);
    expect(clock.pendingTimers).toBe(0);
  });
});
