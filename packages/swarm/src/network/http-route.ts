import type { RequestOptions } from "node:http";
import { isIP, type LookupFunction, Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { type ResolvedAddress, resolveHost } from "../metainfo/resolve-host.ts";
import type { PeerAddress } from "../types.ts";
import { openTunnel } from "./dial.ts";
import type { Network } from "./network.ts";

/**
 * What `request` of node:http or node:https must be told, so that the request to `target` takes the way of `network`: to addresses that
 * `resolveHost` passed, or through the proxy, which looks up names itself. Good for one connection. Rejects with the reason why there is no way.
 */
export async function httpRoute(
  network: Network,
  target: URL,
  { signal, family }: { readonly signal: AbortSignal; readonly family?: 4 | 6 | undefined },
): Promise<RequestOptions> {
  const { proxy } = network;
  if (proxy !== undefined)
    return { createConnection: tunnelTo(target, () => openTunnel(network, proxy, hostAndPort(target), signal)) };
  const addresses = await resolveHost(target.hostname, signal, family);
  if (network.isFree) return { agent: false, lookup: pinnedLookup(addresses) };
  const used = network.preferredFamily(addresses.map((address) => (address.family === 6 ? 6 : 4)));
  const localAddress = network.sourceAddress(used);
  const usable = addresses.filter((address) => address.family === used);
  return { agent: false, lookup: pinnedLookup(usable), ...(localAddress !== undefined && { localAddress }) };
}

/** Hands out the checked addresses, so that a second answer of the name server cannot lead elsewhere. */
function pinnedLookup(addresses: readonly ResolvedAddress[]): LookupFunction {
  return (_hostname, options, callback) => {
    const [first] = addresses;
    if (options.all) callback(null, [...addresses]);
    else callback(null, first?.address ?? "", first?.family);
  };
}

function tunnelTo(target: URL, open: () => Promise<Socket>): NonNullable<RequestOptions["createConnection"]> {
  const { host } = hostAndPort(target);
  // RFC 6066 §3: an IP literal is no server name; the certificate is checked against the host all the same.
  const secure = (socket: Socket): Socket => connectTls({ socket, host, servername: isIP(host) === 0 ? host : "" });
  return (_options, onSocket) => {
    open().then(
      (socket) => onSocket(null, target.protocol === "https:" ? secure(socket) : socket),
      (error: Error) => onSocket(error, new Socket()),
    );
    return undefined;
  };
}

function hostAndPort({ hostname, port, protocol }: URL): PeerAddress {
  return { host: hostname.replace(/^\[(.*)\]$/, "$1"), port: Number(port) || (protocol === "https:" ? 443 : 80) };
}
