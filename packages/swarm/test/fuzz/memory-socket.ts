import { Socket } from "node:net";

/** A TCP socket of which a wire uses nothing but what is in memory here: what comes in is handled before `receive` returns. */
export class MemorySocket {
  /** As the wire sees it. */
  readonly socket = new Socket();
  destroyed = false;
  /** What the wire wrote and the other side has not read. */
  writableLength = 0;
  /** Whether the other side reads. */
  isDeaf = false;
  /** What the wire threw while it was answered. */
  failure: unknown;
  onWritten: (bytes: Uint8Array) => void = () => undefined;

  constructor(remoteAddress: string) {
    const returnsItself = (): Socket => this.socket;
    Object.defineProperties(this.socket, {
      remoteAddress: { value: remoteAddress },
      remotePort: { value: 40_000 },
      destroyed: { get: () => this.destroyed },
      writableLength: { get: () => this.writableLength },
      // Node puts another one in its place when the other side hangs up.
      write: { value: (bytes: Uint8Array, written: () => void) => this.#write(bytes, written), writable: true },
      destroy: {
        value: () => {
          this.destroyed = true;
          return this.socket;
        },
      },
      setNoDelay: { value: returnsItself },
      resume: { value: returnsItself },
      cork: { value: () => undefined },
      uncork: { value: () => undefined },
    });
  }

  /** Bytes from the other side. */
  receive(bytes: Uint8Array): void {
    if (!this.destroyed) this.socket.emit("data", Buffer.from(bytes));
  }

  /** The other side hangs up. */
  hangUp(): void {
    if (!this.destroyed) this.socket.emit("end");
  }

  #write(bytes: Uint8Array, written: () => void): boolean {
    if (this.destroyed) return false;
    if (this.isDeaf) {
      this.writableLength += bytes.length;
      return false;
    }
    // As a socket does: never before the write has returned.
    const copy = bytes.slice();
    queueMicrotask(() => {
      if (this.destroyed) return;
      try {
        this.onWritten(copy);
        written();
      } catch (error) {
        this.failure ??= error;
      }
    });
    return true;
  }
}
