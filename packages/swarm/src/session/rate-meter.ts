/** Time constant of the average: long enough to be readable, short enough to show a stall within seconds. */
const AVERAGE_MS = 4_000;

/** Bytes per second as an exponential average that decays while nothing arrives. */
export class RateMeter {
  #totalBytes = 0;
  #bytesPerSecond = 0;
  #sampledBytes = 0;
  #sampledAtMs: number;

  constructor(nowMs: number) {
    this.#sampledAtMs = nowMs;
  }

  get totalBytes(): number {
    return this.#totalBytes;
  }

  get bytesPerSecond(): number {
    return this.#bytesPerSecond;
  }

  add(bytes: number): void {
    this.#totalBytes += bytes;
  }

  /** Takes in what arrived since the last sample; call it at a steady pace. */
  sample(nowMs: number): void {
    const elapsedMs = nowMs - this.#sampledAtMs;
    if (elapsedMs <= 0) return;
    const current = ((this.#totalBytes - this.#sampledBytes) * 1000) / elapsedMs;
    const weight = 1 - Math.exp(-elapsedMs / AVERAGE_MS);
    this.#bytesPerSecond += (current - this.#bytesPerSecond) * weight;
    if (this.#bytesPerSecond < 1) this.#bytesPerSecond = 0;
    this.#sampledBytes = this.#totalBytes;
    this.#sampledAtMs = nowMs;
  }
}
