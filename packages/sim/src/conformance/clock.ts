import type { Clock } from "@riptide/core";
import { beforeEach, describe, expect, it } from "vitest";

export interface ClockHarness {
  readonly clock: Clock;
  /** Lets at least `durationMs` pass on that clock. */
  pass(durationMs: number): Promise<void>;
}

/** What every `Clock` owes its callers. The suite lets about 100 ms pass in all, so that a real clock can run it too. */
export function clockConformance(describeName: string, create: () => ClockHarness): void {
  describe(`${describeName} as a Clock`, () => {
    let clock: Clock;
    let pass: ClockHarness["pass"];

    beforeEach(() => {
      const harness = create();
      clock = harness.clock;
      pass = (durationMs) => harness.pass(durationMs);
    });

    it("never goes back", async () => {
      const times = [clock.nowMs(), clock.nowMs()];
      await pass(5);
      times.push(clock.nowMs());
      expect(times).toEqual([...times].sort((a, b) => a - b));
      expect(times[2]! - times[0]!).toBeGreaterThanOrEqual(5);
    });

    it("calls back once, not before the delay is over", async () => {
      const startMs = clock.nowMs();
      const calls: number[] = [];
      clock.setTimer(10, () => calls.push(clock.nowMs() - startMs));
      await pass(30);
      expect(calls).toHaveLength(1);
      expect(calls[0]).toBeGreaterThanOrEqual(10);
    });

    it.each([0, -1])("takes a delay of %d ms as soon as possible, but never synchronously", async (delayMs) => {
      const calls: string[] = [];
      clock.setTimer(delayMs, () => calls.push("timer"));
      calls.push("caller");
      await pass(5);
      expect(calls).toEqual(["caller", "timer"]);
    });

    it("calls back in the order in which timers fall due, and equal ones in the order of their setting", async () => {
      const calls: string[] = [];
      clock.setTimer(12, () => calls.push("third"));
      clock.setTimer(2, () => calls.push("first"));
      clock.setTimer(2, () => calls.push("second"));
      await pass(30);
      expect(calls).toEqual(["first", "second", "third"]);
    });

    it("lets a callback set a timer", async () => {
      const calls: string[] = [];
      clock.setTimer(1, () => {
        calls.push("outer");
        clock.setTimer(1, () => calls.push("inner"));
      });
      await pass(20);
      expect(calls).toEqual(["outer", "inner"]);
    });

    it("never calls back once disposed, and other timers still are", async () => {
      const calls: string[] = [];
      const cancelled = clock.setTimer(1, () => calls.push("cancelled"));
      clock.setTimer(1, () => calls.push("kept"));
      cancelled[Symbol.dispose]();
      cancelled[Symbol.dispose]();
      await pass(10);
      expect(calls).toEqual(["kept"]);
    });

    it("lets one timer cancel another that is due at the same time", async () => {
      const calls: string[] = [];
      const timers: Disposable[] = [];
      clock.setTimer(1, () => timers[0]?.[Symbol.dispose]());
      timers.push(clock.setTimer(1, () => calls.push("cancelled")));
      await pass(10);
      expect(calls).toEqual([]);
    });

    it("does nothing when a timer is disposed after it ran", async () => {
      const calls: string[] = [];
      const ran = clock.setTimer(1, () => calls.push("ran"));
      await pass(5);
      clock.setTimer(1, () => calls.push("next"));
      ran[Symbol.dispose]();
      await pass(5);
      expect(calls).toEqual(["ran", "next"]);
    });

    it("refuses a delay that is not a number", () => {
      expect(() => clock.setTimer(Number.NaN, () => {})).toThrow(RangeError);
    });

    it("never fires a timer without an end", async () => {
      const endless = clock.setTimer(Number.POSITIVE_INFINITY, () => expect.unreachable());
      const startMs = clock.nowMs();
      await pass(5);
      expect(clock.nowMs() - startMs).toBeGreaterThanOrEqual(5);
      endless[Symbol.dispose]();
    });
  });
}
