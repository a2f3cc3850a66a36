import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { EventEmitter } from "node:events";
import { sanitizeDhtMessage } from "./dht-message.ts";

/**
 * What bittorrent-dht gets in place of a `dgram` socket: it sees only datagrams that passed `sanitizeDhtMessage`, nothing that it throws at one
 * leaves the event, and nothing that it sends after the end or to an impossible address throws.
 */
export class DhtSocket extends EventEmitter {
  readonly #socket: Socket = createSocket("udp4");
  #closed = false;

  constructor() {
    super();
    this.#socket.on("listening", () => this.emit("listening"));
    this.#socket.on("close", () => this.emit("close"));
    this.#socket.on("error", (error) => this.emit("error", error));
    this.#socket.on("message", (datagram, remote) => this.#receive(datagram, remote));
  }

  bind(port: number, address: string, onListening: () => void): void {
    this.#socket.bind(port, address, onListening);
  }

  address(): { readonly address: string; readonly port: number } {
    return this.#socket.address();
  }

  send(bytes: Uint8Array, offset: number, length: number, port: number, address: string): void {
    if (this.#closed) return;
    try {
      // An unreachable node is one that does not answer: its query times out.
      this.#socket.send(bytes, offset, length, port, address, () => {});
    } catch {
      // A node with port 0 or a name that is no address: the same.
    }
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#socket.close();
  }

  #receive(datagram: Uint8Array, remote: RemoteInfo): void {
    const message = sanitizeDhtMessage(datagram);
    if (message === undefined) return;
    try {
      this.emit("message", message, remote);
    } catch {
      // Sanitizing covers what is known to throw; a datagram from a stranger may still not end the process.
    }
  }
}
