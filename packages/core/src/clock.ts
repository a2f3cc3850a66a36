import type { Clock } from "./ports/clock.ts";

/**
 * The functions of a host that tell the time. They come as arguments because `core` may not ask for them itself.
 * `nowMs` must never go back; `performance.now()` is right, `Date.now()` is not.
 */
export interface HostTimers {
  nowMs(): number;
  setTimeout(callback: () => void, delayMs: number): unknown;
  clearTimeout(handle: unknown): void;
}

/** HTML and Node keep delays in 32 bits, signed: a longer one would fire at once. */
const HOST_DELAY_MAX_MS = 2 ** 31 - 1;

/**
 * The clock of a real host: `clockFrom({ nowMs: () => performance.now(), setTimeout, clearTimeout })`.
 * Its timers never fire early, and delays may be of any length, `Infinity` included.
 */
export function clockFrom(host: HostTimers): Clock {
  /** Those that the host called too early, in that order, and that wait for the rest of their delay. */
  const early = new Set<HostTimer>();
  return {
    nowMs: () => host.nowMs(),
    setTimer: (delayMs, callback) => new HostTimer(host, early, delayMs, callback),
  };
}

/**
 * Resolves `delayMs` from now; rejects with the signal's reason as soon as it is aborted.
 * Either way neither the timer nor the listener is left behind.
 */
export function sleep(clock: Clock, delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const timer = clock.setTimer(delayMs, () => {
      signal.removeEventListener("abort", stop);
      resolve();
    });
    function stop(): void {
      timer[Symbol.dispose]();
      reject(signal.reason);
    }
    signal.addEventListener("abort", stop, { once: true });
  });
}

/** Sets the host's timer again while time is left: hosts cut long delays, and round to whole milliseconds either way. */
class HostTimer implements Disposable {
  readonly #host: HostTimers;
  readonly #early: Set<HostTimer>;
  readonly #dueMs: number;
  readonly #callback: () => void;
  #handle: unknown;
  #isOver = false;

  constructor(host: HostTimers, early: Set<HostTimer>, delayMs: number, callback: () => void) {
    if (Number.isNaN(delayMs)) throw new RangeError("A timer needs a delay in milliseconds, not NaN");
    this.#host = host;
    this.#early = early;
    this.#dueMs = host.nowMs() + delayMs;
    this.#callback = callback;
    this.#start(delayMs);
  }

  [Symbol.dispose](): void {
    this.#isOver = true;
    this.#early.delete(this);
    this.#host.clearTimeout(this.#handle);
  }

  #start(remainingMs: number): void {
    const delayMs = Math.min(HOST_DELAY_MAX_MS, Math.max(0, Math.ceil(remainingMs)));
    this.#handle = this.#host.setTimeout(() => this.#fire(), delayMs);
  }

  #fire(): void {
    const remainingMs = this.#dueMs - this.#host.nowMs();
    if (remainingMs > 0) {
      this.#early.add(this);
      this.#start(remainingMs);
      return;
    }
    // One that falls due no later, and that the host called too early, must not come behind this one.
    for (const other of this.#early) if (other !== this && other.#dueMs <= this.#dueMs) other.#end();
    if (!this.#isOver) this.#end();
  }

  #end(): void {
    this[Symbol.dispose]();
    this.#callback();
  }
}
