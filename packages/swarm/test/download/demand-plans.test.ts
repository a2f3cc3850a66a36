import type { Demand } from "@riptide/core";
import { describe, expect, it } from "vitest";
import { DemandPlans } from "../../src/download/index.ts";

const MIB = 1024 * 1024;
const geometry = { sizeBytes: 100 * MIB, pieceLengthBytes: MIB, pieceCount: 100 };
const NOW = 1_000_000;

const windowAt = (start: number): Demand => ({
  range: { start: start * MIB, end: (start + 2) * MIB },
  urgency: "soon",
  bytesPerSecond: MIB,
});
const readAt = (start: number): Demand => ({ range: { start: start * MIB, end: start * MIB + 1 }, urgency: "now" });

const plansOf = (isVerified = (_piece: number) => false) => new DemandPlans(geometry, isVerified);

describe("what readers demand, as deadlines", () => {
  it("counts from when it is declared, and is gone when it is withdrawn", () => {
    const plans = plansOf();
    expect(plans.set(1, windowAt(5), NOW)).toEqual([
      [5, NOW + 1000],
      [6, NOW + 2000],
    ]);
    expect(plans.set(1, undefined, NOW + 10)).toBeNull();
    expect(plans.renew(NOW + 60_000)).toEqual([]);
  });

  it("is planned anew while nobody moves it, so that readahead never falls due", () => {
    const plans = plansOf((piece) => piece === 5);
    plans.set(1, windowAt(5), NOW);
    expect(plans.renew(NOW + 899)).toEqual([]);
    expect(plans.renew(NOW + 900)).toEqual([[1, [[6, NOW + 900 + 2000]]]]);
    expect(plans.renew(NOW + 1799)).toEqual([]);
    expect(plans.renew(NOW + 1800)).toEqual([[1, [[6, NOW + 1800 + 2000]]]]);
  });

  it("lets a read that waits keep its place before those that came later", () => {
    const plans = plansOf();
    plans.set(1, readAt(5), NOW);
    expect(plans.renew(NOW + 5000)).toEqual([[1, [[5, NOW - 3000]]]]);
  });

  it("leaves alone what was just replaced", () => {
    const plans = plansOf();
    plans.set(1, windowAt(5), NOW);
    plans.set(2, windowAt(50), NOW);
    plans.set(1, windowAt(6), NOW + 800);
    expect(plans.renew(NOW + 1000).map(([id]) => id)).toEqual([2]);
  });

  it("knows a reader that goes on from one that has just come", () => {
    const plans = plansOf();
    plans.set(1, readAt(5), NOW);
    expect(plans.set(1, readAt(5.5), NOW + 1000)).toEqual([[5, NOW + 1000]]);
    expect(plans.set(1, readAt(50), NOW + 1000)).toEqual([[50, NOW - 2000]]);
  });
});
