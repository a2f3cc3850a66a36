import type net from "node:net";
// The global of that name is a getter, which costs something where it is asked for each write.
import process from "node:process";
import { abortable } from "@riptide/core";
import { type DialListener, dial } from "../network/dial.ts";
import type { ConnectOptions } from "./wire.ts";

/** One for each dialled socket, reused for every read. Larger ones read no faster (64 KiB: 7 % more CPU). */
const READ_BUFFER_BYTES = 128 * 1024;

/** Whom to connect to, and how. */
type Dialled = Pick<ConnectOptions, "network" | "utp" | "address">;

export interface SocketListener {
  onConnect(): void;
  /** The bytes may be changed in place, and are only there during the call. */
  onBytes(bytes: Uint8Array): void;
  /** The socket failed or ended; may be called more than once. */
  onEnd(reason: string): void;
}

/**
 * A socket of TCP, or of what stands in for it, without the streams: reads arrive in one reused buffer, and what is written within a tick leaves
 * in one system call.
 */
export class SocketLink {
  readonly #socket: net.Socket;
  readonly #waiters = new Set<() => void>();
  #isCorked = false;

  private constructor(socket: net.Socket, listener: SocketListener) {
    this.#socket = socket;
    socket.on("error", (error: NodeJS.ErrnoException) => listener.onEnd(error.code ?? error.message));
    // A half-open peer is of no use to us, and could hold the socket and its queue for ever.
    socket.on("end", () => listener.onEnd("closed by the peer"));
    socket.on("close", () => listener.onEnd("closed by the peer"));
  }

  /** `address` must be an IP literal with a port: nothing is looked up. */
  static dial({ network, utp, address }: Dialled, listener: SocketListener): SocketLink {
    const heard: DialListener = {
      buffer: Buffer.allocUnsafeSlow(READ_BUFFER_BYTES),
      onConnect: () => listener.onConnect(),
      onBytes: (bytes) => listener.onBytes(bytes),
    };
    const socket = utp === undefined ? dial(network, address, heard) : utp.dial(address, heard);
    return new SocketLink(socket, listener);
  }

  /** A socket that a server accepted: Node lets only dialled ones read into a buffer of ours. */
  static adopt(socket: net.Socket, listener: SocketListener): SocketLink {
    socket.setNoDelay(true);
    socket.on("data", (bytes: Buffer) => listener.onBytes(bytes));
    return new SocketLink(socket, listener);
  }

  get queuedBytes(): number {
    return this.#socket.destroyed ? 0 : this.#socket.writableLength;
  }

  write(bytes: Uint8Array): void {
    const socket = this.#socket;
    if (!this.#isCorked) {
      this.#isCorked = true;
      socket.cork();
      process.nextTick(() => {
        this.#isCorked = false;
        socket.uncork();
      });
    }
    socket.write(bytes, this.#onWritten);
  }

  /** Resolves when the socket took all that was written, or is destroyed. Rejects when `signal` aborts. */
  drained(signal: AbortSignal): Promise<void> {
    if (this.queuedBytes === 0) return Promise.resolve();
    return abortable(new Promise((resolve) => this.#waiters.add(resolve)), signal);
  }

  destroy(): void {
    this.#socket.destroy();
    this.#wake();
  }

  // One callback for all writes instead of "drain", which a queue below the high-water mark never emits.
  readonly #onWritten = (): void => {
    if (this.#waiters.size > 0 && this.queuedBytes === 0) this.#wake();
  };

  #wake(): void {
    for (const waiter of this.#waiters) waiter();
    this.#waiters.clear();
  }
}
