import net from "node:net";
import type { VirtualClock } from "@riptide/sim";

/** What a far end that has a pace takes at once. */
const MAX_TAKEN_BYTES = 16 * 1024;

/** The far end of a connection. */
export interface FarEnd {
  /** Bytes that we hand over; they reach it now, or later if it has a pace. */
  written?(bytes: Uint8Array): void;
  /** Bytes that we wrote; they belong to the receiver. */
  received(bytes: Uint8Array): void;
  /** We closed the connection, or it broke. */
  closed(): void;
}

/** How fast the far end takes what we write, and how much of it at all. */
export interface Pace {
  readonly clock: VirtualClock;
  readonly bytesPerSecond: number;
  readonly maxBytes: number;
}

interface Write {
  readonly bytes: Uint8Array;
  readonly written: () => void;
}

/** A socket without a network: what is written goes to the far end at its pace, and what comes from there to the reader. */
export class SimulatedSocket extends net.Socket {
  readonly #onread: net.OnReadOpts;
  /** What the far end has not taken yet. */
  readonly #outbox: Write[] = [];
  #outboxBytes = 0;
  #takenBytes = 0;
  #isTaking = false;
  #farEnd: FarEnd | undefined;
  #pace: Pace | undefined;

  constructor(onread: net.OnReadOpts) {
    super();
    this.#onread = onread;
    // A property of its own in the types, which no accessor may override.
    Object.defineProperty(this, "writableLength", { get: () => this.#outboxBytes });
  }

  /** The connection stands. Without a pace the far end takes everything at once. */
  meet(farEnd: FarEnd, pace?: Pace): void {
    this.#farEnd = farEnd;
    this.#pace = pace;
    this.emit("connect");
  }

  /** Bytes arrive. */
  arrive(bytes: Uint8Array): void {
    const { buffer } = this.#onread;
    const target = typeof buffer === "function" ? buffer() : buffer;
    for (let at = 0; at < bytes.length && !this.destroyed; at += target.length) {
      const part = bytes.subarray(at, at + target.length);
      target.set(part);
      this.#onread.callback(part.length, target);
    }
  }

  override write(bytes: unknown, callback?: unknown): boolean {
    const written = typeof callback === "function" ? () => callback() : () => undefined;
    if (!(bytes instanceof Uint8Array) || this.destroyed) {
      process.nextTick(written);
      return true;
    }
    this.#outbox.push({ bytes, written });
    this.#outboxBytes += bytes.length;
    this.#farEnd?.written?.(bytes);
    if (this.#pace === undefined) this.#take(Number.POSITIVE_INFINITY);
    else this.#takeOn(this.#pace);
    return true;
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#outbox.length = 0;
    this.#outboxBytes = 0;
    this.#farEnd?.closed();
    super._destroy(error, callback);
  }

  #takeOn(pace: Pace): void {
    if (this.#isTaking || this.#outbox.length === 0 || this.#takenBytes >= pace.maxBytes) return;
    this.#isTaking = true;
    const bytes = Math.min(MAX_TAKEN_BYTES, this.#outboxBytes);
    pace.clock.setTimer((bytes / pace.bytesPerSecond) * 1000, () => {
      this.#isTaking = false;
      this.#take(bytes);
      this.#takeOn(pace);
    });
  }

  /** As they are now: whoever wrote them must have left them alone. */
  #take(atLeastBytes: number): void {
    for (let taken = 0; taken < atLeastBytes; ) {
      const write = this.#outbox.shift();
      if (write === undefined) return;
      const { bytes, written } = write;
      taken += bytes.length;
      this.#takenBytes += bytes.length;
      this.#outboxBytes -= bytes.length;
      this.#farEnd?.received(bytes.slice());
      process.nextTick(written);
    }
  }
}
