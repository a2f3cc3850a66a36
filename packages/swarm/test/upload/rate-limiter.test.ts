import { createVirtualClock } from "@riptide/sim";
import { describe, expect, it } from "vitest";
import { RateLimiter } from "../../src/upload/index.ts";

function setUp(bytesPerSecond: number) {
  const clock = createVirtualClock({ drain: () => new Promise((resolve) => setImmediate(resolve)) });
  const limiter = new RateLimiter(bytesPerSecond, clock);
  const grants: [name: string, atMs: number][] = [];
  const take = (name: string, bytes: number, signal = new AbortController().signal): Promise<void> =>
    limiter.take(bytes, signal).then(() => void grants.push([name, clock.nowMs()]));
  return { clock, limiter, grants, take };
}

describe("RateLimiter", () => {
  it("lets a burst of a quarter of a second through at once", async () => {
    const { clock, limiter, grants, take } = setUp(1000);
    expect(limiter.burstBytes).toBe(250);
    void take("first", 250);
    await clock.advance(0);
    expect(grants).toEqual([["first", 0]]);
  });

  it("keeps to the rate from then on", async () => {
    const { clock, grants, take } = setUp(1000);
    for (let count = 1; count <= 41; count++) void take(`${count}`, 250);
    await clock.advance(60_000);
    expect(grants).toHaveLength(41);
    const lastMs = grants.at(-1)![1];
    expect(lastMs).toBeGreaterThanOrEqual(9_750);
    expect(lastMs).toBeLessThanOrEqual(10_100);
  });

  it("serves whoever came first, and nobody out of turn", async () => {
    const { clock, grants, take } = setUp(1000);
    void take("large", 1000);
    void take("second", 1);
    void take("third", 1);
    await clock.advance(60_000);
    expect(grants.map(([name]) => name)).toEqual(["large", "second", "third"]);
    // The large grant took 1000 of 250 bytes: the next must wait until 750 are earned back.
    expect(grants[1]![1]).toBeGreaterThanOrEqual(750);
    expect(grants[1]![1]).toBeLessThanOrEqual(752);
  });

  it("saves no more than one burst over a long pause", async () => {
    const { clock, grants, take } = setUp(1000);
    await clock.advance(3_600_000);
    void take("first", 250);
    void take("second", 250);
    void take("third", 250);
    await clock.advance(10_000);
    const [first, second, third] = grants.map(([, atMs]) => atMs - 3_600_000);
    expect(first).toBe(0);
    expect(second).toBeGreaterThan(0);
    expect(third).toBeGreaterThanOrEqual(250);
  });

  it("does not count what was aborted while it waited", async () => {
    const { clock, grants, take } = setUp(1000);
    const controller = new AbortController();
    void take("first", 300);
    const aborted = take("aborted", 1_000_000, controller.signal);
    void take("last", 10);
    controller.abort(new Error("gone"));
    await expect(aborted).rejects.toThrow("gone");
    await clock.advance(1000);
    expect(grants.map(([name]) => name)).toEqual(["first", "last"]);
    expect(grants[1]![1]).toBeLessThanOrEqual(60);
  });

  it("rejects at once when the signal is aborted already", async () => {
    const { clock, grants, take } = setUp(1000);
    await expect(take("aborted", 250, AbortSignal.abort(new Error("gone")))).rejects.toThrow("gone");
    void take("first", 250);
    await clock.advance(0);
    expect(grants).toEqual([["first", 0]]);
  });

  it("leaves no timer behind once nobody waits", async () => {
    const { clock, take } = setUp(1000);
    void take("first", 250);
    void take("second", 250);
    expect(clock.pendingTimers).toBe(1);
    await clock.advance(10_000);
    expect(clock.pendingTimers).toBe(0);
  });

  it.each([0, -1, Number.NaN])("refuses a rate of %d", (bytesPerSecond) => {
    expect(() => setUp(bytesPerSecond)).toThrow(RangeError);
  });
});
