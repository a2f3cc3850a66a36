import { ActivePieces } from "./active-pieces.ts";
import { Availability } from "./availability.ts";
import { BlockGrid } from "./block-grid.ts";
import { DeadlineOrder } from "./deadline-order.ts";
import type { DownloadAllowance, DownloaderOptions, PeerKey } from "./downloader-types.ts";
import { Outbox } from "./outbox.ts";
import type { PeerQueue } from "./peer-queue.ts";
import type { PieceAssembly } from "./piece-assembly.ts";

interface DownloadCounters {
  downloadedBytes: number;
  wastedBytes: number;
  duplicateRequests: number;
  cancels: number;
  hashFailures: number;
  bans: number;
}

/**
 * Everything the scheduler knows. The files beside this one are functions over it: `fill` gives peers work, `preempt`
 * takes it back for something more urgent, `endgame` doubles what may be late, `silence` gives up on peers that sleep,
 * `blame` finds out who lied. All of them go through `block-requests` to change who owes us what.
 */
export interface DownloadState {
  readonly grid: BlockGrid;
  readonly peers: Map<PeerKey, PeerQueue>;
  readonly pieces: ActivePieces;
  readonly order: DeadlineOrder;
  readonly outbox: Outbox;
  readonly allowance: DownloadAllowance;
  readonly availability: Availability;
  readonly counters: DownloadCounters;
  readonly bannedHosts: Set<string>;
  /** Pieces whose last block has come; verified before the input call ends. */
  readonly complete: Set<PieceAssembly>;
  /** Peers that were ready on the last tick, soonest to finish one more block first. */
  ranked: readonly PeerQueue[];
  /** A wanted piece is under investigation: suspects work on pieces of their own (see `mayWorkOn`). */
  areSuspectsApart: boolean;
  isPaused: boolean;
  /** Readers have all that they ask for: what is wanted now is wanted by nobody in particular. */
  isSpareTime: boolean;
}

const NO_LIMIT: DownloadAllowance = { mayAsk: () => true, charge: () => undefined };

/** No peers, nothing wanted. */
export function createDownloadState({
  geometry,
  output,
  allowance = NO_LIMIT,
  hash,
  memory,
}: Pick<DownloaderOptions, "geometry" | "output" | "allowance" | "hash" | "memory">): DownloadState {
  const grid = new BlockGrid(geometry);
  return {
    grid,
    peers: new Map(),
    pieces: new ActivePieces(grid, { hash, memory }),
    order: new DeadlineOrder(),
    outbox: new Outbox(output, grid),
    allowance,
    availability: new Availability(geometry.pieceCount),
    counters: { downloadedBytes: 0, wastedBytes: 0, duplicateRequests: 0, cancels: 0, hashFailures: 0, bans: 0 },
    bannedHosts: new Set(),
    complete: new Set(),
    ranked: [],
    areSuspectsApart: false,
    isPaused: false,
    isSpareTime: false,
  };
}

/** Ranks the peers that may be given requests now: who would be done with one more block soonest comes first. */
export function rankPeers(state: DownloadState, nowMs: number): void {
  const ready = readyPeers(state);
  for (const peer of ready) peer.rankedEtaMs = (peer.inFlight.size + 1) * peer.msPerBlock(nowMs);
  state.ranked = ready.sort(bySoonest);
}

/** Peers that may be given requests now. */
export function readyPeers({ peers }: DownloadState): PeerQueue[] {
  return [...peers.values()].filter((peer) => peer.isReady);
}

function bySoonest(a: PeerQueue, b: PeerQueue): number {
  return a.rankedEtaMs - b.rankedEtaMs;
}
