import { randomInt } from "node:crypto";
import { createSocket, type Socket } from "node:dgram";
import type { Clock } from "@riptide/core";
import { withDeadline } from "../metainfo/deadline.ts";
import { type ResolvedAddress, resolveHost } from "../metainfo/resolve-host.ts";
import type { Network } from "../network/network.ts";
import {
  ANNOUNCE_TIMEOUT_MS,
  type AnnounceRequest,
  type AnnounceResult,
  announceTimeout,
  TrackerError,
} from "./tracker.ts";
import {
  decodeAnnounceResponse,
  decodeConnectResponse,
  encodeAnnounceRequest,
  encodeConnectRequest,
  isAnswerTo,
  type UdpRequest,
} from "./udp-tracker-packets.ts";

/**
 * BEP 15 waits 15 s before it sends again. A viewer does not: we wait 2, 4 and 8 s, until `ANNOUNCE_TIMEOUT_MS` is over, and leave the
 * longer waits to the announcer, which backs off from minutes to an hour.
 */
const FIRST_RETRANSMISSION_MS = 2_000;

/** BEP 15: "Clients can use a connection id until one minute after they have received it"; less what is on its way. */
const CONNECTION_LIFETIME_MS = 55_000;

/** Trackers of all torrents, within the last minute. */
const MAX_CONNECTIONS = 256;

interface Connection {
  readonly id: bigint;
  readonly expiresMs: number;
}

/** Announces to UDP trackers (BEP 15) over a socket for each announce; remembers connection ids for a minute. */
export class UdpTrackerClient {
  readonly #clock: Clock;
  readonly #network: Network;
  readonly #connections = new Map<string, Connection>();

  constructor(clock: Clock, network: Network) {
    this.#clock = clock;
    this.#network = network;
  }

  /** Rejects with `TrackerError` or the signal's reason. */
  async announce(request: AnnounceRequest): Promise<AnnounceResult> {
    const deadline = {
      clock: this.#clock,
      signal: request.signal,
      timeoutMs: ANNOUNCE_TIMEOUT_MS,
      timeoutError: announceTimeout,
    };
    return await withDeadline(deadline, async (signal) => {
      try {
        return await this.#announceOnce(request, signal);
      } catch (cause) {
        if (cause instanceof TrackerError) throw cause;
        throw new TrackerError("unreachable", "The tracker cannot be reached", { cause });
      }
    });
  }

  async #announceOnce(request: AnnounceRequest, signal: AbortSignal): Promise<AnnounceResult> {
    const { hostname, port } = new URL(request.url);
    const address = this.#preferred(await resolveHost(hostname, { signal, family: request.family }));
    const source = this.#network.sourceAddress(address.family === 6 ? 6 : 4);
    const socket = await openSocket(address, { port: Number(port), source, signal });
    const exchange = { socket, clock: this.#clock, signal };
    const key = `${address.address} ${port}`;
    try {
      const connection = this.#connections.get(key);
      if (connection !== undefined && connection.expiresMs > this.#clock.nowMs()) {
        // Some trackers bind the id to the port that it was asked from; those get asked again.
        const reused = await this.#announceOver(connection, request, exchange, address).catch(rejectUnlessRefused);
        if (reused !== undefined) return reused;
      }
      return await this.#announceOver(await this.#connect(key, exchange), request, exchange, address);
    } catch (error) {
      this.#connections.delete(key);
      throw error;
    } finally {
      socket.close();
    }
  }

  /** Of those that may be asked, one is enough, and most peers are IPv4. */
  #preferred(addresses: readonly ResolvedAddress[]): ResolvedAddress {
    const used = this.#network.preferredFamily(addresses.map(({ family }) => (family === 6 ? 6 : 4)));
    const address = addresses.find(({ family }) => family === used);
    if (address === undefined) throw new TrackerError("unreachable", "The tracker's name has no address");
    return address;
  }

  async #connect(key: string, exchange: Exchange): Promise<Connection> {
    const id = decodeConnectResponse(await sendUntilAnswered(encodeConnectRequest(randomInt(2 ** 32)), exchange));
    const connection = { id, expiresMs: this.#clock.nowMs() + CONNECTION_LIFETIME_MS };
    this.#connections.delete(key);
    this.#connections.set(key, connection);
    const [oldest] = this.#connections.keys();
    if (this.#connections.size > MAX_CONNECTIONS && oldest !== undefined) this.#connections.delete(oldest);
    return connection;
  }

  async #announceOver(
    connection: Connection,
    request: AnnounceRequest,
    exchange: Exchange,
    address: ResolvedAddress,
  ): Promise<AnnounceResult> {
    const packet = encodeAnnounceRequest(connection.id, randomInt(2 ** 32), request);
    return decodeAnnounceResponse(await sendUntilAnswered(packet, exchange), address.family === 6 ? 6 : 4);
  }
}

interface Exchange {
  readonly socket: Socket;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

function rejectUnlessRefused(error: unknown): undefined {
  if (error instanceof TrackerError && error.kind === "refused") return undefined;
  throw error;
}

/** A connected socket: the kernel drops datagrams from anybody but the tracker, and reports a closed port at once. */
async function openSocket(
  { address, family }: ResolvedAddress,
  {
    port,
    source,
    signal,
  }: { readonly port: number; readonly source: string | undefined; readonly signal: AbortSignal },
): Promise<Socket> {
  const socket = createSocket(family === 6 ? "udp6" : "udp4");
  // A late "port unreachable" has nobody to wait for it, and must not end the process.
  socket.on("error", () => {});
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once("error", reject);
      const connect = (): void =>
        socket.connect(port, address, () => {
          socket.off("error", reject);
          resolve();
        });
      if (source === undefined) connect();
      else socket.bind({ address: source, port: 0 }, connect);
    });
    signal.throwIfAborted();
    return socket;
  } catch (error) {
    socket.close();
    throw error;
  }
}

/** Sends a request, again and again at doubling intervals, until its answer comes, the socket fails or `signal` aborts. */
async function sendUntilAnswered(request: UdpRequest, { socket, clock, signal }: Exchange): Promise<Uint8Array> {
  signal.throwIfAborted();
  return await new Promise((resolve, reject) => {
    let timer: Disposable | undefined;
    const release = () => {
      timer?.[Symbol.dispose]();
      socket.off("message", onMessage).off("error", onFailure);
      signal.removeEventListener("abort", onAbort);
    };
    const onMessage = (datagram: Uint8Array) => {
      if (!isAnswerTo(request, datagram)) return;
      release();
      resolve(datagram);
    };
    const onFailure = (error: unknown) => {
      release();
      reject(error);
    };
    const onAbort = () => onFailure(signal.reason);
    const send = (waitMs: number) => {
      timer = clock.setTimer(waitMs, () => send(waitMs * 2));
      socket.send(request.packet);
    };
    socket.on("message", onMessage).on("error", onFailure);
    signal.addEventListener("abort", onAbort, { once: true });
    send(FIRST_RETRANSMISSION_MS);
  });
}
