import { getEventListeners } from "node:events";
import { describe, expect, it } from "vitest";
import { clockFrom, type HostTimers, sleep } from "../src/index.ts";

describe("clockFrom", () => {
  it("is made from the functions of a real host", async () => {
    const clock = clockFrom({ nowMs: () => performance.now(), setTimeout, clearTimeout });
    const startMs = clock.nowMs();
    const endMs = await new Promise<number>((resolve) => clock.setTimer(5, () => resolve(clock.nowMs())));
    expect(endMs - startMs).toBeGreaterThanOrEqual(5);
  });

  it("sets a timer again when the host fires before its time", () => {
    const { clock, host } = manualClock();
    const fired: number[] = [];
    clock.setTimer(10, () => fired.push(clock.nowMs()));
    host.fireAt(9.4);
    expect(fired).toEqual([]);
    expect(host.delays).toEqual([10, 1]);
    host.fireAt(10);
    expect(fired).toEqual([10]);
  });

  it("reaches delays that the host would cut to 32 bits", () => {
    const { clock, host } = manualClock();
    const dayMs = 24 * 60 * 60 * 1000;
    const fired: number[] = [];
    clock.setTimer(30 * dayMs, () => fired.push(clock.nowMs()));
    host.fireAt(2 ** 31 - 1);
    expect(fired).toEqual([]);
    host.fireAt(30 * dayMs);
    expect(fired).toEqual([30 * dayMs]);
    expect(host.delays).toEqual([2 ** 31 - 1, 30 * dayMs - (2 ** 31 - 1)]);
  });

  it("never fires a timer without an end", () => {
    const { clock, host } = manualClock();
    const timer = clock.setTimer(Number.POSITIVE_INFINITY, () => expect.unreachable());
    host.fireAt(2 ** 31 - 1);
    host.fireAt(2 ** 32);
    expect(host.pending).toBe(1);
    timer[Symbol.dispose]();
    expect(host.pending).toBe(0);
  });

  it("cancels the timer it has set again", () => {
    const { clock, host } = manualClock();
    const timer = clock.setTimer(10, () => expect.unreachable());
    host.fireAt(5);
    timer[Symbol.dispose]();
    timer[Symbol.dispose]();
    expect(host.pending).toBe(0);
  });

  it("keeps the order of timers when the host fires the first one before its time, and the second one not", () => {
    const { clock, host } = manualClock();
    const fired: string[] = [];
    clock.setTimer(10, () => fired.push("first"));
    clock.setTimer(10, () => fired.push("second"));
    clock.setTimer(12, () => fired.push("third"));
    host.fireAt(9.9);
    host.fireAt(10);
    expect(fired).toEqual(["first", "second"]);
    host.fireAt(11.9);
    host.fireAt(12);
    expect([fired, host.pending]).toEqual([["first", "second", "third"], 0]);
  });

  it("lets a timer that was fired before its time cancel one that is due with it", () => {
    const { clock, host } = manualClock();
    const timers: Disposable[] = [];
    clock.setTimer(10, () => timers[0]?.[Symbol.dispose]());
    timers.push(clock.setTimer(10, () => expect.unreachable()));
    host.fireAt(9.9);
    host.fireAt(10);
    expect(host.pending).toBe(0);
  });

  it("leaves one that was fired before its time alone until that comes", () => {
    const { clock, host } = manualClock();
    const fired: string[] = [];
    clock.setTimer(10, () => fired.push("later"));
    clock.setTimer(5, () => fired.push("sooner"));
    host.fireAt(4);
    host.fireAt(5);
    expect([fired, host.pending]).toEqual([["sooner"], 1]);
  });

  it.each([
    { delayMs: -5, hostDelayMs: 0, title: "takes a time that has passed as now" },
    { delayMs: 0.2, hostDelayMs: 1, title: "rounds a fraction up" },
  ])("$title", ({ delayMs, hostDelayMs }) => {
    const { clock, host } = manualClock();
    clock.setTimer(delayMs, () => {});
    expect(host.delays).toEqual([hostDelayMs]);
  });

  it("refuses a delay that is not a number", () => {
    expect(() => manualClock().clock.setTimer(Number.NaN, () => {})).toThrow(RangeError);
  });
});

describe("sleep", () => {
  it("resolves after its time and leaves nothing behind", async () => {
    const { clock, host } = manualClock();
    const { signal } = new AbortController();
    const listeners = () => getEventListeners(signal, "abort").length;
    const slept = sleep(clock, 20, signal);
    expect([host.pending, listeners()]).toEqual([1, 1]);
    host.fireAt(20);
    await expect(slept).resolves.toBeUndefined();
    expect([host.pending, listeners()]).toEqual([0, 0]);
  });

  it("rejects with the signal's own reason and stops its timer", async () => {
    const { clock, host } = manualClock();
    const controller = new AbortController();
    const slept = sleep(clock, 20, controller.signal);
    const reason = new Error("the viewer left");
    controller.abort(reason);
    await expect(slept).rejects.toBe(reason);
    expect(host.pending).toBe(0);
  });

  it("rejects at once when it is aborted before it starts", async () => {
    const { clock, host } = manualClock();
    const reason = new Error("too late");
    await expect(sleep(clock, 20, AbortSignal.abort(reason))).rejects.toBe(reason);
    expect(host.delays).toEqual([]);
  });
});

/** A host whose time stands still until a test fires one of its timers. */
class ManualHost implements HostTimers {
  readonly delays: number[] = [];
  readonly #callbacks: (() => void)[] = [];
  #nowMs = 0;

  get pending(): number {
    return this.#callbacks.length;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  setTimeout(callback: () => void, delayMs: number): unknown {
    this.delays.push(delayMs);
    this.#callbacks.push(callback);
    return callback;
  }

  clearTimeout(handle: unknown): void {
    const place = this.#callbacks.findIndex((callback) => callback === handle);
    if (place >= 0) this.#callbacks.splice(place, 1);
  }

  /** Fires the timer that was set first. */
  fireAt(nowMs: number): void {
    this.#nowMs = nowMs;
    this.#callbacks.shift()?.();
  }
}

function manualClock() {
  const host = new ManualHost();
  return { host, clock: clockFrom(host) };
}
