import { randomInt } from "node:crypto";
import type { Clock } from "@riptide/core";
import { withDeadline } from "../metainfo/deadline.ts";
import { assertReach, type ResolvedAddress, resolveHost, unbracketed } from "../metainfo/resolve-host.ts";
import type { Network } from "../network/network.ts";
import { askUntilAnswered, openUdpChannel, type UdpChannel, type UdpExchange } from "../network/udp-exchange.ts";
import { openUdpRelay } from "../network/udp-relay.ts";
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
    const { key, channel } = await this.#open(request, signal);
    const exchange = { channel, clock: this.#clock, signal };
    try {
      const connection = this.#connections.get(key);
      if (connection !== undefined && connection.expiresMs > this.#clock.nowMs()) {
        // Some trackers bind the id to the port that it was asked from; those get asked again.
        const reused = await this.#announceOver(connection, request, exchange).catch(rejectUnlessRefused);
        if (reused !== undefined) return reused;
      }
      return await this.#announceOver(await this.#connect(key, exchange), request, exchange);
    } catch (error) {
      this.#connections.delete(key);
      throw error;
    } finally {
      channel.close();
    }
  }

  /** A way to the tracker, and what tells trackers apart. */
  async #open(
    { url, family, reach }: AnnounceRequest,
    signal: AbortSignal,
  ): Promise<{ key: string; channel: UdpChannel }> {
    const { hostname, port } = new URL(url);
    const key = `${hostname} ${port} ${family ?? ""}`;
    const { proxy } = this.#network;
    if (proxy !== undefined) {
      const target = { host: unbracketed(hostname), port: Number(port) };
      assertReach(target.host, reach);
      return { key, channel: await openUdpRelay(this.#network, proxy, target, signal) };
    }
    const address = this.#preferred(await resolveHost(hostname, signal, { family, reach }));
    const source = this.#network.sourceAddress(address.family);
    const target = { host: address.address, port: Number(port) };
    return { key: `${key} ${address.address}`, channel: await openUdpChannel(target, { source, signal }) };
  }

  /** Of those that may be asked, one is enough, and most peers are IPv4. */
  #preferred(addresses: readonly ResolvedAddress[]): ResolvedAddress {
    const used = this.#network.preferredFamily(addresses.map(({ family }) => family));
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
  ): Promise<AnnounceResult> {
    const packet = encodeAnnounceRequest(connection.id, randomInt(2 ** 32), request);
    const answer = await ask(packet, exchange);
    return decodeAnnounceResponse(answer, exchange.channel.family);
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
