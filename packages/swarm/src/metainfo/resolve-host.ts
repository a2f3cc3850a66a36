import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { abortable } from "@riptide/core";

export interface ResolvedAddress {
  readonly address: string;
  readonly family: number;
}

/**
 * Turns the host of a URL (IPv6 in brackets) into the addresses to connect to; at least one. The only place in the swarm where a name or a
 * literal becomes an address to connect to, and callers connect to nothing but what it returns: a rule against internal
 * addresses belongs here. Rejects with the resolver's error, the signal's reason, or if there is no address of `only` that family.
 */
export async function resolveHost(hostname: string, signal: AbortSignal, only?: 4 | 6): Promise<ResolvedAddress[]> {
  const host = hostname.replace(/^\[(.*)\]$/, "$1");
  const family = isIP(host);
  if (family === 0) return await abortable(lookup(host, { all: true, family: only ?? 0 }), signal);
  if (only !== undefined && family !== only) throw new Error(`The address is not of IPv${only}`);
  return [{ address: host, family }];
}
