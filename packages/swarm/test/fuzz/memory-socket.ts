import { EventEmitter } from "node:events";
import type { Socket } from "node:net";

/** The part of a TCP socket that a wire uses, in memory: what comes in is handled before `receive` returns. */
export class MemorySocket extends EventEmitter {
  readonly remoteAddress: string;
  readonly remotePort = 40_000;
  destroyed = false;
  /** What the wire wrote and the other side has not read. */
  writableLength = 0;
  /** Whether the other side reads. */
  isDeaf = false;
  onWritten: (bytes: Uint8Array) => void = () => undefined;

  constructor(remoteAddress: string) {
    super();
    this.remoteAddress = remoteAddress;
  }

  /** As the wire sees it. */
  get socket(): Socket {
    return this as unknown as Socket;
  }

  /** Bytes from the other side. */
  receive(bytes: Uint8Array): void {
    if (!this.destroyed) this.emit("data", Buffer.from(bytes));
  }

  /** The other side hangs up. */
  hangUp(): void {
    if (!this.destroyed) this.emit("end");
  }

  write(bytes: Uint8Array, written: () => void): boolean {
    if (this.destroyed) return false;
    if (this.isDeaf) {
      this.writableLength += bytes.length;
      return false;
    }
    // As a socket does: never before the write has returned.
    const copy = bytes.slice();
    queueMicrotask(() => {
      if (this.destroyed) return;
      this.onWritten(copy);
      written();
    });
    return true;
  }

  destroy(): this {
    this.destroyed = true;
    return this;
  }

  setNoDelay(): this {
    return this;
  }

  cork(): void {}

  uncork(): void {}
}
