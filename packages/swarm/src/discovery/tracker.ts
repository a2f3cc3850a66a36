import type { Reach } from "../metainfo/resolve-host.ts";
import type { PeerAddress } from "../types.ts";

export type AnnounceEvent = "started" | "completed" | "stopped";

/** What a torrent has done so far, in payload bytes since `started` (BEP 3). */
export interface AnnounceStats {
  readonly uploadedBytes: number;
  readonly downloadedBytes: number;
  /** Bytes still missing; any number above 0 while the size is unknown, so that we do not count as a seed. */
  readonly leftBytes: number;
}

/** One announce to one tracker. */
export interface AnnounceRequest extends AnnounceStats {
  /** http, https or udp. */
  readonly url: string;
  /** 40 lower-case hex digits. */
  readonly infoHash: string;
  /** 20 bytes. */
  readonly peerId: Uint8Array;
  /** Where we listen. */
  readonly port: number;
  /** The tracker is asked over IPv4 or over IPv6 only; left out: over whichever it has, IPv4 first. */
  readonly family?: 4 | 6;
  /** Left out for the announces at regular intervals. */
  readonly event?: AnnounceEvent;
  readonly wantedPeers: number;
  /** Where the tracker may be. */
  readonly reach: Reach;
  readonly signal: AbortSignal;
}

/** A tracker's answer, already bounded; the interval is as it came and must be clamped by who obeys it. */
export interface AnnounceResult {
  readonly intervalSeconds: number;
  readonly minIntervalSeconds?: number;
  readonly peers: readonly PeerAddress[];
  readonly seeders?: number;
  readonly leechers?: number;
}

/** Announces once. Rejects with `TrackerError` or the signal's reason. */
export type Announce = (request: AnnounceRequest) => Promise<AnnounceResult>;

/**
 * `refused`: the tracker said no (`failure reason`). `unreachable`: no answer, or not in time. `invalid`: an answer that makes no sense.
 * Expected all the time; other trackers are tried.
 */
export class TrackerError extends Error {
  override readonly name = "TrackerError";
  readonly kind: "refused" | "unreachable" | "invalid";

  constructor(kind: TrackerError["kind"], message: string, options?: { readonly cause: unknown }) {
    super(message, options);
    this.kind = kind;
  }
}

/** What a tracker is asked for and what is taken of its answer: far more than are ever connected, little enough to keep. */
export const MAX_PEERS_PER_ANNOUNCE = 500;

/** One announce, over all its retries; then the next tracker gets its turn. */
export const ANNOUNCE_TIMEOUT_MS = 15_000;

/** What an announce is aborted with when its time is over. */
export function announceTimeout(): TrackerError {
  return new TrackerError("unreachable", "The tracker does not answer in time");
}

/** What BEP 3 calls the "key": tells the tracker that we are the same peer when our address changes (BEP 7, BEP 15). */
export function announceKey(peerId: Uint8Array): number {
  const view = new DataView(peerId.buffer, peerId.byteOffset, peerId.byteLength);
  return view.getUint32(peerId.length - 4);
}
