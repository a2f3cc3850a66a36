import type { Clock } from "@riptide/core";
import type { Network } from "../network/network.ts";

/** What a router is asked for, and by which means. */
export interface MappingRequest {
  readonly network: Network;
  readonly clock: Clock;
  /** TCP port that we listen on: the router's port of the same number is to lead there, as trackers are told that one. */
  readonly port: number;
  readonly signal: AbortSignal;
}

/** A port of the router that leads to ours, for a while. */
export interface Lease {
  readonly seconds: number;
  /** Takes it back. Rejects if the router does not answer. */
  unmap(signal: AbortSignal): Promise<void>;
}

/** Rejects with `MappingError`, the system's error or the signal's reason. */
export type MapPort = (request: MappingRequest) => Promise<Lease>;

/** There is no router that would, or it said no. The message is a clause. */
export class MappingError extends Error {
  override readonly name = "MappingError";
}

/** What a router that says nothing is given up with. */
export function noAnswer(): MappingError {
  return new MappingError("the router does not answer");
}

/** How long a port is asked for: a machine that is gone leaves it open for so long at most. RFC 6886 §3.3 recommends two hours. */
export const LEASE_SECONDS = 7_200;
