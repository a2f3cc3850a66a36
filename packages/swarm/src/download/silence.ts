import { recallBlock } from "./block-requests.ts";
import type { DownloadState } from "./download-state.ts";
import type { PeerQueue } from "./peer-queue.ts";
import { letGoOfUnsure } from "./probe.ts";

/** A silent peer gets one new request after this, doubled with each time it stays silent. */
const PROBE_AFTER_MS = 10_000;
const MAX_PROBE_AFTER_MS = 300_000;
/** Nobody can be expected to have answered a younger request: of a viewer who seeks and seeks, all are taken back before they can be. */
const MIN_REQUEST_AGE_MS = 100;
/** A request that an answering peer leaves out for this long, or for several times its queue, has been lost. */
const LOST_AFTER_MS = 5000;
const LOST_AFTER_QUEUES = 4;
/** Or for this long, if it has answered so many later ones: more than peers answer out of order who read in threads, or wait for a disk. */
const OVERTAKEN_AFTER_MS = 1000;
const LOST_AFTER_OVERTAKINGS = 16;
/** A peer that drops requests of a piece is not asked for it again for so long, while others have it: it may lie about having it. */
const DOUBT_MS = 60_000;

/**
 * Gives up on peers that owe blocks and send nothing, and on requests that got lost; lets long-silent peers try again, and doubted ones.
 * True if blocks became free.
 */
export function releaseOverdue(state: DownloadState, nowMs: number): boolean {
  let hasReleased = false;
  for (const peer of state.peers.values()) {
    peer.endDoubts((piece, untilMs) => nowMs >= untilMs || !isOfferedByOthers(state, peer, piece));
    if (peer.inFlight.size > 0 && !peer.isSilent) peer.noteOwing(nowMs);
    if (peer.silentSinceMs !== undefined) {
      probeAgain(state, peer, nowMs);
    } else if (peer.owingMs(nowMs) > peer.maxQuietMs() && oldestRequestMs(peer, nowMs) >= MIN_REQUEST_AGE_MS) {
      fallSilent(state, peer, nowMs);
      hasReleased = true;
    } else {
      hasReleased = recallLostRequest(state, peer, nowMs) || hasReleased;
    }
  }
  return hasReleased;
}

/** How long ago the oldest of the requests that it owes us was sent; negative if there is none. */
function oldestRequestMs(peer: PeerQueue, nowMs: number): number {
  for (const sentMs of peer.inFlight.values()) return nowMs - sentMs;
  return Number.NEGATIVE_INFINITY;
}

/**
 * Its blocks become free for others; the requests stay with it, without a CANCEL: any answer to them is the sign that it
 * is back. Until then it gets nothing new.
 */
function fallSilent(state: DownloadState, peer: PeerQueue, nowMs: number): void {
  for (const key of peer.inFlight.keys()) {
    if (!peer.probes.has(key)) state.pieces.get(state.grid.pieceOf(key))?.silence(state.grid.blockOf(key));
  }
  peer.silentSinceMs = nowMs;
  peer.silences += 1;
  state.order.rewind();
}

/** A silent peer has sent a block: what it still owes counts again. */
export function endSilence(state: DownloadState, peer: PeerQueue): void {
  if (!peer.isSilent) return;
  for (const key of peer.inFlight.keys()) {
    if (!peer.probes.has(key)) state.pieces.get(state.grid.pieceOf(key))?.revive(state.grid.blockOf(key));
  }
  peer.silentSinceMs = undefined;
}

/** The answer may never come: the requests were lost, or cancelled since others sent the blocks. */
function probeAgain(state: DownloadState, peer: PeerQueue, nowMs: number): void {
  const waitMs = Math.min(MAX_PROBE_AFTER_MS, PROBE_AFTER_MS * 2 ** (peer.silences - 1));
  if (peer.silentSinceMs === undefined || nowMs - peer.silentSinceMs < waitMs) return;
  for (const key of peer.inFlight.keys()) recallBlock(state, peer, key);
  peer.silentSinceMs = undefined;
  peer.forgetRate();
}

/** It rejects a request for the piece: that is an answer. Unless it chokes us, it may not have what it says. */
export function noteReject(state: DownloadState, peer: PeerQueue, piece: number, nowMs: number): void {
  peer.excuse();
  if (!peer.isChoking) doubt(state, peer, piece, nowMs);
}

/** It dropped a request of the piece: as long as others have that, it is theirs. All else that it says it has is doubtful, too. */
export function doubt(state: DownloadState, peer: PeerQueue, piece: number, nowMs: number): void {
  if (!isOfferedByOthers(state, peer, piece)) return;
  letGoOfUnsure(state, peer);
  peer.doubt(piece, nowMs + DOUBT_MS);
}

function isOfferedByOthers(state: DownloadState, peer: PeerQueue, piece: number): boolean {
  for (const other of state.peers.values()) if (other !== peer && other.isReady && other.offers(piece)) return true;
  return false;
}

/** Peers answer in order: if the oldest request is that old while others are answered, it was dropped on the way. */
function recallLostRequest(state: DownloadState, peer: PeerQueue, nowMs: number): boolean {
  const oldest = peer.inFlight.entries().next();
  if (oldest.done === true) return false;
  const [key, sentMs] = oldest.value;
  const patienceMs = Math.max(LOST_AFTER_MS, LOST_AFTER_QUEUES * peer.inFlight.size * peer.averageMsPerBlock);
  const ageMs = nowMs - sentMs;
  const isOvertaken = ageMs >= OVERTAKEN_AFTER_MS && peer.overtakings >= LOST_AFTER_OVERTAKINGS;
  if (ageMs < patienceMs && !isOvertaken) return false;
  recallBlock(state, peer, key);
  doubt(state, peer, state.grid.pieceOf(key), nowMs);
  return true;
}
