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
  return {
    nowMs: () => host.nowMs(),
    setTimer: (delayMs, callback) => setHostTimer(host, delayMs, callback),
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
function setHostTimer(host: HostTimers, delayMs: number, callback: () => void): Disposable {
  if (Number.isNaN(delayMs)) throw new RangeError("A timer needs a delay in milliseconds, not NaN");
  const dueMs = host.nowMs() + delayMs;
  let handle = start(delayMs);

  function start(remainingMs: number): unknown {
    return host.setTimeout(fire, Math.min(HOST_DELAY_MAX_MS, Math.max(0, Math.ceil(remainingMs))));
  }
  function fire(): void {
    const remainingMs = dueMs - host.nowMs();
    if (remainingMs > 0) handle = start(remainingMs);
    else callback();
  }
  return { [Symbol.dispose]: () => host.clearTimeout(handle) };
}
