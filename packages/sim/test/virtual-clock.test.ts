import { InvariantError, sleep } from "@riptide/core";
import { createVirtualClock, type VirtualClock } from "@riptide/sim";
import { beforeEach, describe, expect, it } from "vitest";
import { drainEventLoop } from "./support/drain-event-loop.ts";

const NEVER = new AbortController().signal;

describe("the virtual clock", () => {
  let clock: VirtualClock;
  beforeEach(() => {
    clock = createVirtualClock({ drain: drainEventLoop });
  });

  describe("advance", () => {
    it("fires every timer at its own instant and ends where it was told to", async () => {
      const firedMs: number[] = [];
      for (const delayMs of [30, 10, 20.5]) clock.setTimer(delayMs, () => firedMs.push(clock.nowMs()));
      await clock.advance(25);
      expect(firedMs).toEqual([10, 20.5]);
      expect([clock.nowMs(), clock.pendingTimers]).toEqual([25, 1]);
    });

    it("lets what a timer woke set further timers before the next one fires", async () => {
      const log: string[] = [];
      clock.setTimer(10, () => log.push(`late ${clock.nowMs()}`));
      const naps = (async () => {
        for (let nap = 0; nap < 3; nap += 1) {
          await sleep(clock, 3, NEVER);
          log.push(`nap ${clock.nowMs()}`);
        }
      })();
      await clock.advance(10);
      await naps;
      expect(log).toEqual(["nap 3", "nap 6", "nap 9", "late 10"]);
    });

    it("drives the timers behind a web stream", async () => {
      const body = new ReadableStream<string>({
        pull: async (controller) => {
          await sleep(clock, 60_000, NEVER);
          controller.enqueue(`${clock.nowMs()} `);
          if (clock.nowMs() === 300_000) controller.close();
        },
      });
      const text = new Response(body.pipeThrough(new TextEncoderStream())).text();
      expect(await clock.runUntil(text, 400_000)).toBe("60000 120000 180000 240000 300000 ");
    });

    it("rejects with what a timer throws, and can go on afterwards", async () => {
      const bug = new Error("bug in a callback");
      clock.setTimer(5, () => {
        throw bug;
      });
      await expect(clock.advance(10)).rejects.toBe(bug);
      expect(clock.nowMs()).toBe(5);
      await clock.advance(5);
      expect(clock.nowMs()).toBe(10);
    });

    it("refuses to run twice at the same time", async () => {
      const first = clock.advance(10);
      await expect(clock.advance(10)).rejects.toThrow(InvariantError);
      await first;
      expect(clock.nowMs()).toBe(10);
    });

    it("finds timers that set each other for ever without a delay", async () => {
      const synchronous = createVirtualClock({ drain: () => Promise.resolve() });
      const again = (): void => void synchronous.setTimer(0, again);
      again();
      await expect(synchronous.advance(1)).rejects.toThrow("timers fired at 0 ms");
    });

    it("gives a cancelled timer back at once", () => {
      const timers = Array.from({ length: 100 }, (_, index) => clock.setTimer(index % 7, () => {}));
      for (const timer of timers) timer[Symbol.dispose]();
      expect(clock.pendingTimers).toBe(0);
    });
  });

  describe("stepUntil", () => {
    it("fires timers, each at its instant, until what is waited for has come", () => {
      const firedMs: number[] = [];
      for (const delayMs of [30, 10, 20]) clock.setTimer(delayMs, () => firedMs.push(clock.nowMs()));
      expect(clock.stepUntil(() => firedMs.length === 2, 100)).toBe(true);
      expect([firedMs, clock.nowMs(), clock.pendingTimers]).toEqual([[10, 20], 20, 1]);
    });

    it("ends at its limit, and never goes back for one that has passed", async () => {
      expect(clock.stepUntil(() => false, 50)).toBe(false);
      expect(clock.nowMs()).toBe(50);
      expect(clock.stepUntil(() => false, 20)).toBe(false);
      expect(clock.nowMs()).toBe(50);
    });
  });

  describe("runUntil", () => {
    it("lets only as much time pass as the promise needs", async () => {
      clock.setTimer(500, () => {});
      const slept = sleep(clock, 100, NEVER).then(() => "awake");
      expect(await clock.runUntil(slept, 1000)).toBe("awake");
      expect(clock.nowMs()).toBe(100);
    });

    it("lets no time pass for a promise that is settled", async () => {
      clock.setTimer(0, () => {});
      await clock.runUntil(Promise.resolve(), 1000);
      expect([clock.nowMs(), clock.pendingTimers]).toEqual([0, 1]);
    });

    it("rejects like the promise", async () => {
      const reason = new Error("no such film");
      const failing = sleep(clock, 5, NEVER).then(() => Promise.reject(reason));
      await expect(clock.runUntil(failing, 1000)).rejects.toBe(reason);
    });

    it("says so when the promise needs longer", async () => {
      const tooLong = sleep(clock, 1001, NEVER);
      await expect(clock.runUntil(tooLong, 1000)).rejects.toThrow("Still waiting 1000 ms after 0 ms");
    });

    it("says so when nothing is left that could wake it", async () => {
      const endless = new Promise(() => {});
      await expect(clock.runUntil(endless, 1000)).rejects.toThrow("Nothing is left that could wake");
    });
  });
});
