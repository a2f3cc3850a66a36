import type { RequestOptions } from "node:http";
import { isIP, type LookupFunction, Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { isPublicAddress } from "../metainfo/public-address.ts";
import { type ResolvedAddress, type ResolveOptions, resolveHost } from "../metainfo/resolve-host.ts";
import type { PeerAddress } from "../types.ts";
import { openTunnel } from "./dial.ts";
import type { Network } from "./network.ts";

/** Good for one connection. */
export interface HttpRoute {
  /** What `request` of node:http or node:https must be told. `agent` is false where connections of this way may be kept. */
  readonly route: RequestOptions;
  /** It leads to the internet and to nothing else. */
  readonly isPublic: boolean;
}

/**
 * The way that a request to `target` takes over `network`: to addresses that `resolveHost` passed, or through the proxy, which looks up names
 * itself. Rejects with the reason why there is no way.
 */
export async function httpRoute(
  target: URL,
  { network, ...options }: ResolveOptions & { readonly network: Network },
): Promise<HttpRoute> {
  const { proxy } = network;
  const { hostname } = target;
  if (proxy !== undefined) {
    const { host } = hostAndPort(target);
    if (isIP(host) !== 0) await resolveHost(hostname, options);
    const createConnection = tunnelTo(target, () => openTunnel(network, proxy, hostAndPort(target), options.signal));
    return { route: { createConnection }, isPublic: true };
  }
  const addresses = await resolveHost(hostname, options);
  const isPublic = addresses.every(({ address }) => isPublicAddress(address));
  if (network.isFree) return { route: { agent: false, lookup: pinnedLookup(addresses) }, isPublic };
  const used = network.preferredFamily(addresses.map((address) => (address.family === 6 ? 6 : 4)));
  const localAddress = network.sourceAddress(used);
  const lookup = pinnedLookup(addresses.filter((address) => address.family === used));
  return { route: { agent: false, lookup, ...(localAddress !== undefined && { localAddress }) }, isPublic };
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
