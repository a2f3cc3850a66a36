import { isIP } from "node:net";
import type { PeerAddress } from "../types.ts";
import { askProxy } from "./dial.ts";
import type { Network, Socks5Proxy } from "./network.ts";
import { encodeUdpHeader, ProxyError, parseUdpDatagram } from "./socks5.ts";
import { openUdpSocket, type UdpChannel } from "./udp-exchange.ts";

/** RFC 1928 §4: "the client MUST use a port number and address of all zeros" if it does not know where it will send from. */
const FROM_ANYWHERE: PeerAddress = { host: "0.0.0.0", port: 0 };

/**
 * Datagrams that the proxy passes on to the target, whose name it looks up (RFC 1928 §7). Many proxies do not: rejects with `ProxyError`
 * then, or with the system's error or the signal's reason.
 */
export async function openUdpRelay(
  network: Network,
  proxy: Socks5Proxy,
  target: PeerAddress,
  signal: AbortSignal,
): Promise<UdpChannel> {
  const header = encodeUdpHeader(target);
  const { socket: control, boundTo } = await askProxy(
    network,
    proxy,
    { command: "udp", target: FROM_ANYWHERE },
    signal,
  );
  // The relay ends with this connection; a proxy that ends it first is one that does not answer.
  control.on("error", () => undefined).resume();
  try {
    const relay = relayAddress(boundTo, control.remoteAddress);
    const source = network.isFree ? undefined : control.localAddress;
    const socket = await openUdpSocket(relay, { source, signal });
    return new RelayChannel(socket, header, () => control.destroy());
  } catch (error) {
    control.destroy();
    throw error;
  }
}

class RelayChannel implements UdpChannel {
  readonly socket: UdpChannel["socket"];
  readonly #header: Uint8Array;
  readonly #release: () => void;
  family: 4 | 6 = 4;

  constructor(socket: UdpChannel["socket"], header: Uint8Array, release: () => void) {
    this.socket = socket;
    this.#header = header;
    this.#release = release;
  }

  wrap(packet: Uint8Array): Uint8Array {
    return Buffer.concat([this.#header, packet]);
  }

  unwrap(datagram: Uint8Array): Uint8Array | undefined {
    const parsed = parseUdpDatagram(datagram);
    if (parsed !== undefined) this.family = parsed.family;
    return parsed?.packet;
  }

  close(): void {
    this.socket.close();
    this.#release();
  }
}

/** The proxy itself, at the port that it names: one that has us send elsewhere would be gone around. */
function relayAddress(boundTo: PeerAddress | undefined, proxyHost: string | undefined): PeerAddress {
  if (boundTo === undefined || boundTo.port === 0 || proxyHost === undefined || isIP(proxyHost) === 0) {
    throw new ProxyError("the proxy does not say where it takes datagrams");
  }
  return { host: proxyHost, port: boundTo.port };
}
