import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import type utp from "utp-native";
import type { PeerAddress } from "../../types.ts";
import { encodeGateAddress, hearGateAddress } from "../gate-address.ts";

/** As many as a session has at most, with those whose handshake is not done: each costs 128 KiB from its first packet on, which may be forged. */
const MAX_CONNECTIONS = 464;
/** Peers that have connected and that nobody waited for at that moment: those of one burst. */
const MAX_PARKED_CONNECTIONS = 64;
/** The window that libutp offers each peer, which may fill it in one go. The kernel gives what it allows (net.core.rmem_max). */
const RECEIVE_BUFFER_BYTES = 1024 * 1024;
/**
 * What a peer has sent and the session has not read yet, as while its thread is busy: utp-native cannot be told to read less. A session asks a
 * peer for 1,000 blocks of 16 KiB at most (`peer-queue.ts`), and takes 1 MiB unasked.
 */
const MAX_UNREAD_BYTES = 17 * 1024 * 1024;

export interface UtpGateOptions {
  /** The local socket (unix(7)) at which the session gets its connections: see `gate-address.ts`. */
  readonly path: string;
  /** An IPv4 literal of this machine, or 0.0.0.0 for all. */
  readonly host: string;
  /** Should it be taken, any free one will do: others are connected to all the same. */
  readonly port: number;
}

/**
 * Speaks uTP (BEP 29) on a UDP port, and hands each connection over by a local socket, byte by byte. Resolves when it is open, for as long as
 * the process lives. Rejects if utp-native does not load here, or neither socket can be had.
 */
export async function openUtpGate({ path, host, port }: UtpGateOptions): Promise<void> {
  const { default: createSocket } = await import("utp-native");
  const socket = createSocket({ allowHalfOpen: false });
  socket.maxConnections = MAX_CONNECTIONS;
  await bind(socket, host, port).catch(() => bind(socket, host, 0));
  socket.setRecvBufferSize(RECEIVE_BUFFER_BYTES);
  // A datagram that could not be read or sent is a lost one.
  socket.on("error", () => undefined);
  const gate = new UtpGate(socket);
  const server = createServer((local) => gate.enter(local)).listen(path);
  await once(server, "listening");
}

async function bind(socket: utp.Socket, host: string, port: number): Promise<void> {
  const listening = once(socket, "listening");
  socket.listen(port, host);
  await listening;
}

class UtpGate {
  readonly #utp: utp.Socket;
  /** The session's, one for each of the next peers that connect to us. */
  readonly #waiting = new Set<Socket>();
  readonly #parked = new Set<utp.Connection>();

  constructor(socket: utp.Socket) {
    this.#utp = socket;
    socket.on("connection", (connection: utp.Connection) => this.#accept(connection));
  }

  /** The session is at the gate: hears what for. */
  enter(local: Socket): void {
    local.on("error", () => undefined);
    hearGateAddress(local, (target) => {
      if (target === undefined) this.#wait(local);
      else this.#dial(local, target);
    });
  }

  #dial(local: Socket, target: PeerAddress): void {
    const connection = this.#utp.connect(target.port, target.host).on("error", () => undefined);
    connection.once("connect", () => local.write(encodeGateAddress(target)));
    join(local, connection);
  }

  #wait(local: Socket): void {
    const connection = takeFirst(this.#parked);
    if (connection !== undefined) return handOver(local, connection);
    this.#waiting.add(local);
    local.once("close", () => this.#waiting.delete(local));
  }

  #accept(connection: utp.Connection): void {
    connection.on("error", () => undefined);
    const local = takeFirst(this.#waiting);
    if (local !== undefined) return handOver(local, connection);
    if (this.#parked.size >= MAX_PARKED_CONNECTIONS) return void connection.destroy();
    this.#parked.add(connection);
    connection.once("close", () => this.#parked.delete(connection));
  }
}

function takeFirst<Item>(items: Set<Item>): Item | undefined {
  const [first] = items;
  if (first !== undefined) items.delete(first);
  return first;
}

function handOver(local: Socket, connection: utp.Connection): void {
  local.write(encodeGateAddress({ host: connection.remoteAddress, port: connection.remotePort }));
  join(local, connection);
}

/** What one says the other hears, and the end of one is the end of the other. */
function join(local: Socket, connection: utp.Connection): void {
  let isCorked = false;
  connection.on("data", (bytes: Uint8Array) => {
    if (local.writableLength > MAX_UNREAD_BYTES) return local.destroy();
    // Packets that came together go on together: there are 700 in a megabyte.
    if (!isCorked) {
      isCorked = true;
      local.cork();
      setImmediate(() => {
        isCorked = false;
        local.uncork();
      });
    }
    local.write(bytes);
  });
  connection.once("end", () => local.end()).once("close", () => local.end());
  local.once("close", () => connection.destroy());
  local.pipe(connection);
}
