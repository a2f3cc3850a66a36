import { createVirtualClock } from "@riptide/sim";
import { describe, expect, it } from "vitest";
import { RateLimiter } from "../../src/upload/index.ts";
import { ask, BLOCK_BYTES, block, blockAt, blocks, CONTENT, settle, setUp } from "./uploader-setting.ts";

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
