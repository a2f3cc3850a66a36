import { lookup } from "node:dns/promises";
import { isIPv4 } from "node:net";
import { networkInterfaces } from "node:os";
import { abortable, type Clock, sleep } from "@riptide/core";
import { canReachDht, type PeerAddress } from "@riptide/swarm";
import type { ServeOptions } from "../arguments.ts";
import { type Finding, ok, warn } from "./finding.ts";

/** Somebody waits for the answer; names that take longer delay each tracker by as much. */
const DNS_LIMIT_MS = 5_000;
/** A router of the DHT answers within a round trip, and another one is asked if it does not. */
const DHT_LIMIT_MS = 5_000;
/** A name that the DHT needs. */
const LOOKED_UP_NAME = "router.bittorrent.com";

/** Whom the internet is reached by. */
export interface Internet {
  lookup(name: string): Promise<unknown>;
  /** Where the DHT begins; the public routers unless given. */
  readonly bootstrap?: readonly PeerAddress[];
}

export const REAL_INTERNET: Internet = { lookup: (name) => lookup(name) };

interface CheckContext {
  readonly clock: Clock;
  readonly internet: Internet;
  readonly signal: AbortSignal;
}

export async function checkDns({ proxy }: ServeOptions, { clock, internet, signal }: CheckContext): Promise<Finding> {
  if (proxy !== undefined) return ok("dns", "Names are looked up by the proxy.");
  const advice =
    "Without it trackers and .torrent addresses are not found: look at the network and at /etc/resolv.conf.";
  const limit = new AbortController();
  const tooLong = sleep(clock, DNS_LIMIT_MS, limit.signal).then(() => "ETIMEOUT");
  try {
    const looked = internet.lookup(LOOKED_UP_NAME).then(() => undefined, codeOf);
    const problem = await abortable(Promise.race([looked, tooLong]), signal);
    if (problem === undefined) return ok("dns", "Names are looked up.");
    return warn("dns", `${LOOKED_UP_NAME} cannot be looked up (${problem}). ${advice}`);
  } finally {
    limit.abort();
    await tooLong.catch(() => undefined);
  }
}

export async function checkDht(options: ServeOptions, { clock, internet, signal }: CheckContext): Promise<Finding> {
  const { useDht, proxy, bindInterface } = options;
  if (!useDht) return ok("dht", "The DHT is not used.");
  if (proxy !== undefined) return ok("dht", "Through the proxy the DHT is not used.");
  const host = bindInterface === undefined ? undefined : addressOf(bindInterface);
  // Never by another interface than the one that alone may be used.
  if (bindInterface !== undefined && host === undefined) {
    const advice = "Give --bind-interface one that is up; without IPv4 there is no DHT.";
    return warn("dht", `The interface ${bindInterface} has no IPv4 address to ask the DHT from. ${advice}`);
  }
  const { bootstrap } = internet;
  const isReached = await canReachDht({
    clock,
    signal,
    limitMs: DHT_LIMIT_MS,
    ...(bootstrap && { bootstrap }),
    ...(host !== undefined && { host }),
  });
  if (isReached) return ok("dht", "The DHT answers: peers of torrents without a tracker are found.");
  const advice = "Let UDP out in the firewall, or name trackers and peers (--peer); --no-dht leaves it alone.";
  return warn("dht", `No node of the DHT answers within ${DHT_LIMIT_MS / 1000} s. ${advice}`);
}

/** Of the interface that alone may be used; undefined if it has no IPv4, by which the DHT goes. */
function addressOf(nameOrAddress: string): string | undefined {
  if (isIPv4(nameOrAddress)) return nameOrAddress;
  return networkInterfaces()[nameOrAddress]?.find(({ family }) => family === "IPv4")?.address;
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "unknown";
}
