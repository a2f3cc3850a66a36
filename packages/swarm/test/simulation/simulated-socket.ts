import net from "node:net";

/** The far end of a connection. */
export interface FarEnd {
  /** Bytes that we wrote; they belong to the receiver. */
  received(bytes: Uint8Array): void;
  /** We closed the connection, or it broke. */
  closed(): void;
}

/** A socket without a network: what is written goes to the far end at once, and what comes from there to the reader. */
export class SimulatedSocket extends net.Socket {
  readonly #onread: net.OnReadOpts;
  #farEnd: FarEnd | undefined;

  constructor(onread: net.OnReadOpts) {
    super();
    this.#onread = onread;
  }

  /** The connection stands. */
  meet(farEnd: FarEnd): void {
    this.#farEnd = farEnd;
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

  override write(bytes: unknown, written?: unknown): boolean {
    if (bytes instanceof Uint8Array && !this.destroyed) this.#farEnd?.received(bytes.slice());
    if (typeof written === "function") process.nextTick(() => written());
    return true;
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#farEnd?.closed();
    super._destroy(error, callback);
  }
}
