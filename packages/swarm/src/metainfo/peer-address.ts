import { isIP, isIPv6, SocketAddress } from "node:net";
import type { PeerAddress } from "../types.ts";

const LOCALHOST = "127.0.0.1";

/**
 * Parses `host:port`, `[v6]:port` or `localhost:port`. Only IP literals and `localhost`: an address that a stranger wrote must not
 * make us ask a name server. Returns `undefined` for anything else.
 */
export function parsePeerAddress(text: string): PeerAddress | undefined {
  const match = /^(?:\[([0-9a-f]*:[0-9a-f:.]+)\]|([0-9a-z.]+)):([0-9]{1,5})$/i.exec(text.trim());
  if (match === null) return undefined;
  const [, ipv6, name, port] = match;
  const host = ipv6 ?? (name?.toLowerCase() === "localhost" ? LOCALHOST : name);
  return peerAddress(host ?? "", Number(port));
}

/** Spells an address as `parsePeerAddress` reads it. */
export function formatPeerAddress({ host, port }: PeerAddress): string {
  return isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`;
}

/**
 * Creates an address in its one canonical spelling, so that the same peer is not dialled twice. Returns `undefined` unless `host` is an
 * IP literal of one machine and `port` is 1 to 65535.
 */
export function peerAddress(host: string, port: number): PeerAddress | undefined {
  if (!Number.isInteger(port) || port < 1 || port > 65_535) return undefined;
  const version = isIP(host);
  // A zone (`fe80::1%eth0`) names an interface of this machine; nobody else can know it.
  if (version === 0 || host.includes("%")) return undefined;
  const canonical = version === 4 ? host : canonicalIpv6(host);
  return isOneMachine(canonical) ? { host: canonical, port } : undefined;
}

/** RFC 5952 spelling; an IPv4-mapped address (RFC 4291 §2.5.5.2) becomes the IPv4 address that it stands for. */
function canonicalIpv6(host: string): string {
  const { address } = new SocketAddress({ address: host, family: "ipv6" });
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(address);
  return mapped?.[1] ?? address;
}

/**
 * Not the unspecified address, not "this network" (RFC 1122 §3.2.1.3), not multicast, reserved or broadcast, and none of a link that is not
 * named (RFC 4007 §6: fe80::1 is another machine on each).
 */
function isOneMachine(host: string): boolean {
  if (isIPv6(host)) return host !== "::" && !host.startsWith("ff") && !isLinkLocal(host);
  const firstOctet = Number.parseInt(host, 10);
  return firstOctet > 0 && firstOctet < 224;
}

/** An IPv6 address that means something on its own link only (RFC 4291 §2.5.6). */
export function isLinkLocal(host: string): boolean {
  return /^fe[89ab]/i.test(host);
}

/** Each address once, where it first occurs. */
export function uniquePeers(peers: readonly PeerAddress[], limit: number): PeerAddress[] {
  const unique = new Map(peers.map((peer) => [formatPeerAddress(peer), peer]));
  return [...unique.values()].slice(0, limit);
}
