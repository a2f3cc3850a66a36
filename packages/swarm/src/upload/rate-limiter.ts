import { abortable, type Clock } from "@riptide/core";
import { TokenBucket } from "../token-bucket.ts";

interface Waiter {
  readonly bytes: number;
  readonly signal: AbortSignal;
  readonly resolve: () => void;
}

/** A token bucket that many share; whoever came first is served first. */
export class RateLimiter {
  readonly #bucket: TokenBucket;
  readonly #clock: Clock;
  #waiters: Waiter[] = [];
  #timer: Disposable | undefined;

  constructor(bytesPerSecond: number, clock: Clock) {
    this.#bucket = new TokenBucket(bytesPerSecond);
    this.#clock = clock;
    this.#bucket.refill(clock.nowMs());
  }

  get bytesPerSecond(): number {
    return this.#bucket.bytesPerSecond;
  }

  /** What may go out at once after a pause. Who takes no more than this at a time shares the rate evenly. */
  get burstBytes(): number {
    return this.#bucket.burstBytes;
  }

  /** Resolves when `bytes` may be sent. Rejects when `signal` aborts; the bytes are then not counted. */
  take(bytes: number, signal: AbortSignal): Promise<void> {
    const granted = new Promise<void>((resolve) => this.#waiters.push({ bytes, signal, resolve }));
    this.#grant();
    return abortable(granted, signal);
  }

  #grant(): void {
    this.#waiters = this.#waiters.filter((waiter) => !waiter.signal.aborted);
    this.#bucket.refill(this.#clock.nowMs());
    while (this.#bucket.hasTokens) {
      const waiter = this.#waiters.shift();
      if (waiter === undefined) return;
      this.#bucket.take(waiter.bytes);
      waiter.resolve();
    }
    if (this.#waiters.length === 0 || this.#timer !== undefined) return;
    const delayMs = Math.max(1, Math.ceil(this.#bucket.debtMs));
    this.#timer = this.#clock.setTimer(delayMs, () => {
      this.#timer = undefined;
      this.#grant();
    });
  }
}
