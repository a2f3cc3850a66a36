/** What the bucket holds: that long a pause may be made up for afterwards. */
const BURST_SECONDS = 0.25;

/** Bytes that may be taken at a rate, and at once after a pause; a grant is never cut, so that there may be a debt. Clock-free. */
export class TokenBucket {
  readonly bytesPerSecond: number;
  #tokenBytes: number;
  #filledAtMs: number | undefined;

  /** Full. Throws a `RangeError` for what is no rate. */
  constructor(bytesPerSecond: number) {
    if (!(bytesPerSecond > 0))
      throw new RangeError(`A rate limit must be positive, not ${bytesPerSecond} bytes per second`);
    this.bytesPerSecond = bytesPerSecond;
    this.#tokenBytes = this.burstBytes;
  }

  get burstBytes(): number {
    return this.bytesPerSecond * BURST_SECONDS;
  }

  /** Anything may be taken now. */
  get hasTokens(): boolean {
    return this.#tokenBytes > 0;
  }

  /** How long a debt takes to be paid. */
  get debtMs(): number {
    return Math.max(0, (-this.#tokenBytes / this.bytesPerSecond) * 1000);
  }

  refill(nowMs: number): void {
    const earnedBytes = ((nowMs - (this.#filledAtMs ?? nowMs)) / 1000) * this.bytesPerSecond;
    this.#tokenBytes = Math.min(this.burstBytes, this.#tokenBytes + earnedBytes);
    this.#filledAtMs = nowMs;
  }

  /** Negative: gives back. */
  take(bytes: number): void {
    this.#tokenBytes -= bytes;
  }
}
