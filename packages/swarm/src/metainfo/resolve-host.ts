import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { abortable } from "@riptide/core";
import { isPublicAddress } from "./public-address.ts";

export interface ResolvedAddress {
  readonly address: string;
  readonly family: number;
}

/** `public`: addresses that the whole internet can reach. `anywhere`: those of this machine and its networks, too. */
export type Reach = "public" | "anywhere";

export interface ResolveOptions {
  readonly signal: AbortSignal;
  readonly reach?: Reach;
  /** IPv4 or IPv6 only; either if undefined. */
  readonly family?: 4 | 6 | undefined;
}

/** The host has no address within the reach. */
export class PrivateHostError extends Error {
  override readonly name = "PrivateHostError";
}

/**
 * Turns the host of a URL (IPv6 in brackets) into the addresses to connect to; at least one. The only place in the swarm where a name or a
 * literal becomes an address to connect to, and callers connect to nothing but what it returns. Addresses beyond `reach` are left out: a
 * torrent must not make us ask the servers of this network. Rejects with `PrivateHostError`, the resolver's error, the signal's reason, or if
 * there is no address of the family.
 */
export async function resolveHost(
  hostname: string,
  { signal, reach = "anywhere", family }: ResolveOptions,
): Promise<ResolvedAddress[]> {
  const host = hostname.replace(/^\[(.*)\]$/, "$1");
  const literal = isIP(host);
  if (literal !== 0 && family !== undefined && family !== literal)
    throw new Error(`The address is not of IPv${family}`);
  const resolved =
    literal === 0
      ? await abortable(lookup(host, { all: true, family: family ?? 0 }), signal)
      : [{ address: host, family: literal }];
  const reachable = reach === "anywhere" ? resolved : resolved.filter(({ address }) => isPublicAddress(address));
  if (reachable.length === 0) throw new PrivateHostError("The host is in a private network");
  return reachable;
}
