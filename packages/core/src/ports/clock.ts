/**
 * Time as an argument. `core`, `media` and `sim` never ask the machine for it; the real clock is made in `cli`,
 * the virtual one in `sim`.
 */
export interface Clock {
  /** Milliseconds since an arbitrary start; never goes back. Not wall-clock time. */
  nowMs(): number;
  /**
   * Calls `callback` once, `delayMs` from now (0 = as soon as possible, never synchronously).
   * Disposing cancels it; disposing after it ran does nothing.
   */
  setTimer(delayMs: number, callback: () => void): Disposable;
}
