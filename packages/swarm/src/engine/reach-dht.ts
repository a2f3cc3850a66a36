import { type Clock, sleep } from "@riptide/core";
import { createDht } from "../discovery/index.ts";
import type { PeerAddress } from "../types.ts";

/** How often it is looked whether anybody has answered. */
const LOOK_MS = 100;

export interface ReachDhtOptions {
  readonly clock: Clock;
  /** Where to start; the public routers unless given. */
  readonly bootstrap?: readonly PeerAddress[];
  /** IPv4 address to ask from. */
  readonly host?: string;
  readonly limitMs: number;
  readonly signal: AbortSignal;
}

/**
 * Whether any node of the DHT answers within the limit: asked as a session would, by a node that is gone afterwards. Rejects with
 * `engine_unavailable` if this machine has no such address, or with the signal's reason.
 */
export async function canReachDht({ clock, limitMs, signal, ...options }: ReachDhtOptions): Promise<boolean> {
  const node = await createDht({ clock, ...options });
  try {
    const endMs = clock.nowMs() + limitMs;
    while (node.nodeCount === 0 && clock.nowMs() < endMs) await sleep(clock, LOOK_MS, signal);
    return node.nodeCount > 0;
  } finally {
    await node.close();
  }
}
