import { describe, expect, it } from "vitest";
import { RateMeter } from "../../src/session/rate-meter.ts";

/** Samples each second, adding so many bytes before each sample; returns the rate after the last. */
function rateAfter(bytesEachSecond: readonly number[]): number {
  const meter = new RateMeter(1_000);
  for (const [second, bytes] of bytesEachSecond.entries()) {
    meter.add(bytes);
    meter.sample(2_000 + second * 1_000);
  }
  return meter.bytesPerSecond;
}

function seconds(count: number, bytes: number): number[] {
  return Array.from({ length: count }, () => bytes);
}

describe("RateMeter", () => {
  it.each<{ what: string; bytes: number[]; from: number; to: number }>([
    { what: "starts at nothing", bytes: [], from: 0, to: 0 },
    {
      what: "reaches a steady rate within 1 % after 20 s",
      bytes: seconds(20, 1_000_000),
      from: 990_000,
      to: 1_000_000,
    },
    { what: "shows most of it after 4 s", bytes: seconds(4, 1_000_000), from: 630_000, to: 640_000 },
    { what: "shows a stall within 4 s", bytes: [...seconds(30, 1_000_000), ...seconds(4, 0)], from: 0, to: 370_000 },
    { what: "comes to rest at nothing", bytes: [...seconds(30, 1_000), ...seconds(40, 0)], from: 0, to: 0 },
    { what: "spreads a burst", bytes: [8_000_000, 0, 0, 0], from: 800_000, to: 900_000 },
  ])("$what", ({ bytes, from, to }) => {
    expect(rateAfter(bytes)).toBeGreaterThanOrEqual(from);
    expect(rateAfter(bytes)).toBeLessThanOrEqual(to);
  });

  it("gives the same rate however often it is sampled", () => {
    const [often, seldom] = [new RateMeter(0), new RateMeter(0)];
    for (let nowMs = 100; nowMs <= 10_000; nowMs += 100) {
      often.add(50_000);
      seldom.add(50_000);
      often.sample(nowMs);
      if (nowMs % 1_000 === 0) seldom.sample(nowMs);
    }
    expect(Math.abs(often.bytesPerSecond - seldom.bytesPerSecond)).toBeLessThan(1);
    expect([often.totalBytes, seldom.totalBytes]).toEqual([5_000_000, 5_000_000]);
  });

  it("ignores a sample that comes twice at the same time", () => {
    const meter = new RateMeter(0);
    meter.add(1_000_000);
    meter.sample(1_000);
    const rate = meter.bytesPerSecond;
    meter.add(1_000_000);
    meter.sample(1_000);
    expect(meter.bytesPerSecond).toBe(rate);
  });
});
