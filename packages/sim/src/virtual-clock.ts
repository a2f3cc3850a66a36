import { assertInvariant, type Clock } from "@riptide/core";

export interface VirtualClockOptions {
  /**
   * Resolves once everything that can go on without time passing has gone on. In Node:
   * `() => new Promise((resolve) => setImmediate(resolve))`, which lets all microtasks run first.
   */
  readonly drain: () => Promise<void>;
}

/** Time that passes only when it is told to, one timer at a time. */
export interface VirtualClock extends Clock {
  /** Timers that are set and have not fired. */
  readonly pendingTimers: number;
  /** Lets `durationMs` pass and fires what falls due, each timer at its own instant. Rejects with what a timer throws. */
  advance(durationMs: number): Promise<void>;
  /**
   * Lets as much time pass as `promise` needs to settle, and settles like it. Rejects with an `InvariantError` when it
   * is still pending after `limitMs`, or when nothing is left that could wake it.
   */
  runUntil<T>(promise: Promise<T>, limitMs: number): Promise<T>;
  /**
   * Fires timers until `isDone`, or until it is `limitMs` on this clock; true if done. Synchronous, and so several times
   * as fast as the others: for a world in which nothing waits for a promise.
   */
  stepUntil(isDone: () => boolean, limitMs: number): boolean;
}

/** Timers that may fire without time passing: more are a loop that never lets time go on. */
const TIMERS_PER_INSTANT_MAX = 100_000;

interface Timer {
  readonly dueMs: number;
  /** Timers that fall due together fire in the order in which they were set. */
  readonly sequence: number;
  readonly callback: () => void;
}

/** Creates a clock that starts at 0. Only one `advance` or `runUntil` may run at a time. */
export function createVirtualClock(options: VirtualClockOptions): VirtualClock {
  return new SteppedClock(options.drain);
}

class SteppedClock implements VirtualClock {
  readonly #drain: () => Promise<void>;
  /** Sorted by when they fire, the next one last: it is taken off the end. */
  readonly #timers: Timer[] = [];
  #nowMs = 0;
  #sequence = 0;
  #firedAtThisInstant = 0;
  #isRunning = false;

  constructor(drain: () => Promise<void>) {
    this.#drain = drain;
  }

  get pendingTimers(): number {
    return this.#timers.length;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  setTimer(delayMs: number, callback: () => void): Disposable {
    if (Number.isNaN(delayMs)) throw new RangeError("A timer needs a delay in milliseconds, not NaN");
    const timer = { dueMs: this.#nowMs + Math.max(0, delayMs), sequence: this.#sequence++, callback };
    this.#timers.splice(this.#positionOf(timer), 0, timer);
    return { [Symbol.dispose]: () => this.#remove(timer) };
  }

  async advance(durationMs: number): Promise<void> {
    await this.#run(async () => {
      const endMs = this.#nowMs + durationMs;
      await this.#drain();
      while (this.#fireNext(endMs)) await this.#drain();
      this.#moveTo(endMs);
    });
  }

  async runUntil<T>(promise: Promise<T>, limitMs: number): Promise<T> {
    const outcome = { isSettled: false };
    const settle = (): void => {
      outcome.isSettled = true;
    };
    promise.then(settle, settle);
    await this.#run(async () => {
      const startMs = this.#nowMs;
      await this.#drain();
      while (!outcome.isSettled) {
        assertInvariant(this.#timers.length > 0, `Nothing is left that could wake what waits at ${this.#nowMs} ms`);
        const inTime = this.#fireNext(startMs + limitMs);
        assertInvariant(inTime, `Still waiting ${limitMs} ms after ${startMs} ms`);
        await this.#drain();
      }
    });
    return promise;
  }

  stepUntil(isDone: () => boolean, limitMs: number): boolean {
    assertInvariant(!this.#isRunning, "Time already passes: await the advance or runUntil that was called before");
    while (!isDone()) {
      if (this.#fireNext(limitMs)) continue;
      this.#moveTo(Math.max(this.#nowMs, limitMs));
      return isDone();
    }
    return true;
  }

  async #run(steps: () => Promise<void>): Promise<void> {
    assertInvariant(!this.#isRunning, "Time already passes: await the advance or runUntil that was called before");
    this.#isRunning = true;
    try {
      await steps();
    } finally {
      this.#isRunning = false;
    }
  }

  /** Fires the next timer, unless it falls due after `endMs` or never. */
  #fireNext(endMs: number): boolean {
    const timer = this.#timers.at(-1);
    if (timer === undefined || timer.dueMs > endMs || timer.dueMs === Number.POSITIVE_INFINITY) return false;
    this.#timers.pop();
    this.#moveTo(timer.dueMs);
    this.#firedAtThisInstant += 1;
    assertInvariant(
      this.#firedAtThisInstant <= TIMERS_PER_INSTANT_MAX,
      `${TIMERS_PER_INSTANT_MAX} timers fired at ${this.#nowMs} ms: something sets timers without a delay for ever`,
    );
    timer.callback();
    return true;
  }

  #moveTo(nowMs: number): void {
    if (nowMs > this.#nowMs) this.#firedAtThisInstant = 0;
    this.#nowMs = nowMs;
  }

  #remove(timer: Timer): void {
    const position = this.#positionOf(timer);
    if (this.#timers[position] === timer) this.#timers.splice(position, 1);
  }

  /** Where the timer is, or belongs: the first position whose timer does not fire after it. */
  #positionOf(timer: Timer): number {
    let low = 0;
    let high = this.#timers.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const other = this.#timers[middle];
      if (other !== undefined && firesAfter(other, timer)) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function firesAfter(left: Timer, right: Timer): boolean {
  return left.dueMs === right.dueMs ? left.sequence > right.sequence : left.dueMs > right.dueMs;
}
