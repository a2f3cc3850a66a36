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
 * addresses belongs here. Rejects with the resolver's error or the signal's reason.
 */
export async function resolveHost(hostname: string, signal: AbortSignal): Promise<ResolvedAddress[]> {
  const host = hostname.replace(/^\[(.*)\]$/, "$1");
  const family = isIP(host);
  return family === 0 ? await abortable(lookup(host, { all: true }), signal) : [{ address: host, family }];
}
