import { abortable, type Clock } from "@riptide/core";

/** What the bucket holds: that long a pause may be made up for afterwards. */
const BURST_SECONDS = 0.25;

interface Waiter {
  readonly bytes: number;
  readonly signal: AbortSignal;
  readonly resolve: () => void;
}

/** A token bucket that many share; whoever came first is served first. */
export class RateLimiter {
  readonly bytesPerSecond: number;
  readonly #clock: Clock;
  #waiters: Waiter[] = [];
  /** Below zero: a debt, because a grant is never cut. */
  #tokenBytes: number;
  #filledAtMs: number;
  #timer: Disposable | undefined;

  constructor(bytesPerSecond: number, clock: Clock) {
    if (!(bytesPerSecond > 0))
      throw new RangeError(`A rate limit must be positive, not ${bytesPerSecond} bytes per second`);
    this.bytesPerSecond = bytesPerSecond;
    this.#clock = clock;
    this.#tokenBytes = this.burstBytes;
    this.#filledAtMs = clock.nowMs();
  }

  /** What may go out at once after a pause. Who takes no more than this at a time shares the rate evenly. */
  get burstBytes(): number {
    return this.bytesPerSecond * BURST_SECONDS;
  }

  /** Resolves when `bytes` may be sent. Rejects when `signal` aborts; the bytes are then not counted. */
  take(bytes: number, signal: AbortSignal): Promise<void> {
    const granted = new Promise<void>((resolve) => this.#waiters.push({ bytes, signal, resolve }));
    this.#grant();
    return abortable(granted, signal);
  }

  #grant(): void {
    this.#waiters = this.#waiters.filter((waiter) => !waiter.signal.aborted);
    this.#refill();
    while (this.#tokenBytes > 0) {
      const waiter = this.#waiters.shift();
      if (waiter === undefined) return;
      this.#tokenBytes -= waiter.bytes;
      waiter.resolve();
    }
    if (this.#waiters.length === 0 || this.#timer !== undefined) return;
    const delayMs = Math.max(1, Math.ceil((-this.#tokenBytes / this.bytesPerSecond) * 1000));
    this.#timer = this.#clock.setTimer(delayMs, () => {
      this.#timer = undefined;
      this.#grant();
    });
  }

  #refill(): void {
    const nowMs = this.#clock.nowMs();
    const earnedBytes = ((nowMs - this.#filledAtMs) / 1000) * this.bytesPerSecond;
    this.#tokenBytes = Math.min(this.burstBytes, this.#tokenBytes + earnedBytes);
    this.#filledAtMs = nowMs;
  }
}
