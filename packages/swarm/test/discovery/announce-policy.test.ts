import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  afterFailure,
  afterSuccess,
  createTier,
  currentTracker,
  eventFor,
  type Tier,
} from "../../src/discovery/announce-policy.ts";

const HOUR_MS = 3_600_000;
const NO_CHANCE = () => 0;

describe("createTier", () => {
  it("keeps every tracker, in an order that chance decides", () => {
    const urls = ["a", "b", "c"];
    const rolls = [0, 0, 0.5, 0.99].flatMap((first) => [0, 0.99].map((second) => [first, second]));
    const orders = rolls.map((roll) => createTier(urls, () => roll.shift() ?? 0).urls.join(""));
    for (const order of orders) expect(order.split("").sort()).toEqual(urls);
    expect(new Set(orders).size).toBe(6);
  });
});

describe("afterSuccess", () => {
  it("moves the tracker that answered to the front and forgets failures", () => {
    const tier: Tier = { urls: ["a", "b", "c"], position: 2, failedRounds: 3 };
    const next = afterSuccess(tier, { intervalSeconds: 1_800, peers: [] });
    expect(next).toEqual({ tier: { urls: ["c", "a", "b"], position: 0, failedRounds: 0 }, delayMs: 1_800_000 });
    expect(currentTracker(next.tier)).toBe("c");
  });

  it.each([
    ["zero", 0, undefined, 60_000],
    ["a second", 1, undefined, 60_000],
    ["ten minutes", 600, undefined, 600_000],
    ["ten minutes, half an hour at least", 600, 1_800, 1_800_000],
    ["ten minutes, a minute at least", 600, 60, 600_000],
    ["a day", 86_400, undefined, HOUR_MS],
    ["an hour, a day at least", 3_600, 86_400, HOUR_MS],
    ["2^53 - 1 seconds", Number.MAX_SAFE_INTEGER, undefined, HOUR_MS],
  ])(
    "waits as long as a tracker asks for that says %s, within a minute and an hour",
    (_title, intervalSeconds, minimum, delayMs) => {
      const result = { intervalSeconds, peers: [], ...(minimum === undefined ? {} : { minIntervalSeconds: minimum }) };
      expect(afterSuccess(createTier(["a"], NO_CHANCE), result).delayMs).toBe(delayMs);
    },
  );
});

describe("afterFailure", () => {
  it("goes through the tier at once, then waits longer each round, up to an hour", () => {
    let tier: Tier = { urls: ["a", "b"], position: 0, failedRounds: 0 };
    const steps: [string, number][] = [];
    for (let count = 0; count < 22; count++) {
      const tried = currentTracker(tier);
      const next = afterFailure(tier, NO_CHANCE);
      steps.push([tried, next.delayMs / 1_000]);
      tier = next.tier;
    }
    const waits = steps.filter(([url]) => url === "b").map(([, seconds]) => seconds);
    expect(steps.filter(([url]) => url === "a").every(([, seconds]) => seconds === 0)).toBe(true);
    expect(waits).toEqual([15, 30, 60, 120, 240, 480, 960, 1_920, 3_600, 3_600, 3_600]);
  });

  it("leaves up to half of a wait to chance", () => {
    const tier: Tier = { urls: ["a"], position: 0, failedRounds: 2 };
    expect(afterFailure(tier, () => 0.5).delayMs).toBe(45_000);
    expect(afterFailure(tier, () => 0.999).delayMs).toBeCloseTo(30_030);
  });

  it("never asks one tracker twice within 7 s, whatever happens", () => {
    const outcomes = fc.array(fc.option(fc.record({ intervalSeconds: fc.nat(), minIntervalSeconds: fc.nat() })), {
      maxLength: 40,
    });
    const chance = fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 4 }), outcomes, chance, (count, results, roll) => {
        let tier = createTier(["a", "b", "c", "d"].slice(0, count), () => roll);
        const lastMs = new Map<string, number>();
        const waits: number[] = [];
        let nowMs = 0;
        for (const result of results) {
          const url = currentTracker(tier);
          waits.push(nowMs - (lastMs.get(url) ?? -HOUR_MS));
          lastMs.set(url, nowMs);
          const next = result === null ? afterFailure(tier, () => roll) : afterSuccess(tier, { ...result, peers: [] });
          tier = next.tier;
          nowMs += next.delayMs;
        }
        expect(waits.filter((waitMs) => waitMs < 7_000)).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });
});

describe("eventFor", () => {
  it.each([
    ["started first", { started: false, completed: false }, false, "started"],
    ["started first, even when all is there", { started: false, completed: false }, true, "started"],
    ["nothing in between", { started: true, completed: false }, false, undefined],
    ["completed when it is", { started: true, completed: false }, true, "completed"],
    ["completed once", { started: true, completed: true }, true, undefined],
  ] as const)("says %s", (_title, told, isComplete, event) => {
    expect(eventFor(told, isComplete)).toBe(event);
  });
});
