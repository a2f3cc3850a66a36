import type { RequestOptions } from "node:http";
import { isIP, type LookupFunction, Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { isPublicAddress } from "../metainfo/public-address.ts";
import {
  assertReach,
  looksPublic,
  type Reach,
  type ResolvedAddress,
  resolveHost,
  unbracketed,
} from "../metainfo/resolve-host.ts";
import type { PeerAddress } from "../types.ts";
import { openTunnel } from "./dial.ts";
import type { Network } from "./network.ts";

/** A way to a server, good for one connection. */
export interface HttpRoute {
  /** What `request` of node:http or node:https must be told. */
  readonly options: RequestOptions;
  /** It leads to addresses of the internet only, or to a name that the proxy looks up. */
  readonly isPublic: boolean;
}

/**
 * The way that `network` has to `target`: to addresses that `resolveHost` passed, or through the proxy, which looks up names itself: within whose
 * networks they lie only it can know. Rejects with the reason why there is no way, `PrivateHostError` if it would lead beyond `reach`.
 */
export async function httpRoute(
  network: Network,
  target: URL,
  {
    signal,
    family,
    reach,
  }: { readonly signal: AbortSignal; readonly family?: 4 | 6 | undefined; readonly reach: Reach },
): Promise<HttpRoute> {
  const { proxy } = network;
  if (proxy !== undefined) {
    const { host } = hostAndPort(target);
    assertReach(host, reach);
    const open = (): Promise<Socket> => openTunnel(network, proxy, hostAndPort(target), signal);
    return { options: { createConnection: tunnelTo(target, open) }, isPublic: looksPublic(host) };
  }
  const addresses = await resolveHost(target.hostname, signal, { reach, family });
  const isPublic = addresses.every(({ address }) => isPublicAddress(address));
  if (network.isFree) return { options: { agent: false, lookup: pinnedLookup(addresses) }, isPublic };
  const used = network.preferredFamily(addresses.map((address) => address.family));
  const localAddress = network.sourceAddress(used);
  const lookup = pinnedLookup(addresses.filter((address) => address.family === used));
  return { options: { agent: false, lookup, ...(localAddress !== undefined && { localAddress }) }, isPublic };
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
  return { host: unbracketed(hostname), port: Number(port) || (protocol === "https:" ? 443 : 80) };
}
