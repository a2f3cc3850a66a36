import { randomInt } from "node:crypto";
import type { Clock } from "@riptide/core";
import { withDeadline } from "../metainfo/deadline.ts";
import { type ResolvedAddress, resolveHost } from "../metainfo/resolve-host.ts";
import type { Network } from "../network/network.ts";
import { askUntilAnswered, openUdpSocket, type UdpExchange } from "../network/udp-exchange.ts";
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
    const socket = await openUdpSocket({ host: address.address, port: Number(port) }, { source, signal });
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

  async #connect(key: string, exchange: UdpExchange): Promise<Connection> {
    const id = decodeConnectResponse(await ask(encodeConnectRequest(randomInt(2 ** 32)), exchange));
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
    exchange: UdpExchange,
    address: ResolvedAddress,
  ): Promise<AnnounceResult> {
    const packet = encodeAnnounceRequest(connection.id, randomInt(2 ** 32), request);
    return decodeAnnounceResponse(await ask(packet, exchange), address.family === 6 ? 6 : 4);
  }
}

async function ask(request: UdpRequest, exchange: UdpExchange): Promise<Uint8Array> {
  const isAnswer = (datagram: Uint8Array): boolean => isAnswerTo(request, datagram);
  return await askUntilAnswered({ packet: request.packet, isAnswer, firstWaitMs: FIRST_RETRANSMISSION_MS }, exchange);
}

function rejectUnlessRefused(error: unknown): undefined {
  if (error instanceof TrackerError && error.kind === "refused") return undefined;
  throw error;
}
