import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { abortable } from "@riptide/core";
import { isPublicAddress } from "./public-address.ts";

export interface ResolvedAddress {
  readonly address: string;
  readonly family: 4 | 6;
}

/** `public`: addresses that the whole internet can reach. `anywhere`: those of this machine and its networks, too. */
export type Reach = "public" | "anywhere";

/** The host has no address within the reach. */
export class PrivateHostError extends Error {
  override readonly name = "PrivateHostError";
}

/**
 * Turns the host of a URL (IPv6 in brackets) into the addresses to connect to; at least one. The only place in the swarm where a name or a
 * literal becomes an address to connect to, and callers connect to nothing but what it returns. Addresses beyond `reach` are left out: a
 * torrent must not make us ask the servers of this network; so are those that are not of `family`. Rejects with `PrivateHostError`, the resolver's
 * error, the signal's reason, or if there is no address of the family.
 */
export async function resolveHost(
  hostname: string,
  signal: AbortSignal,
  { reach, family }: { readonly reach: Reach; readonly family?: 4 | 6 | undefined },
): Promise<ResolvedAddress[]> {
  const host = unbracketed(hostname);
  const found =
    isIP(host) === 0
      ? await abortable(lookup(host, { all: true, family: family ?? 0 }), signal)
      : [{ address: host, family: isIP(host) }];
  const resolved = found.map(({ address, family: version }) => ({ address, family: version === 6 ? 6 : 4 }) as const);
  const usable = resolved.filter((address) => family === undefined || address.family === family);
  if (usable.length === 0) throw new Error(`The host has no address of IPv${family}`);
  const reachable = reach === "anywhere" ? usable : usable.filter(({ address }) => isPublicAddress(address));
  if (reachable.length === 0) throw new PrivateHostError("The host is in a private network");
  return reachable;
}

/**
 * For a host that a proxy looks up: in whose networks a name lies only it can know. Throws `PrivateHostError` for what is in a private
 * network by its looks.
 */
export function assertReach(host: string, reach: Reach): void {
  if (reach === "public" && !looksPublic(host)) throw new PrivateHostError("The host is in a private network");
}

/** Whether a name, or an IP literal without brackets, may be of the internet. */
export function looksPublic(host: string): boolean {
  if (isIP(host) !== 0) return isPublicAddress(host);
  // Addresses that udp: URLs leave as they are, such as 0x7f.1: http: URLs spell them out, and a proxy may understand them.
  const url = `http://${host}`;
  const name = URL.canParse(url) ? new URL(url).hostname : "localhost";
  // RFC 6761 §6.3: all names under localhost mean the machine that asks, and the proxy may run on this one.
  return isIP(name) === 0 ? !/(^|\.)localhost\.?$/.test(name) : isPublicAddress(name);
}

/** The host of a URL without the brackets that an IPv6 literal has there (RFC 3986 §3.2.2). */
export function unbracketed(hostname: string): string {
  return hostname.replace(/^\[(.*)\]$/, "$1");
}
