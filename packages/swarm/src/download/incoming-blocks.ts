import type { BlockRequest } from "../types.ts";
import { acceptBlock, dropRequest, recallBlock } from "./block-requests.ts";
import type { DownloadState } from "./download-state.ts";
import type { BlockTarget } from "./downloader-types.ts";
import type { PeerQueue } from "./peer-queue.ts";
import { endSilence } from "./silence.ts";
import { spread } from "./spread.ts";
import { mayStore } from "./trial.ts";

/**
 * Where the payload of a block that begins to arrive goes: into the piece; or into the peer's scratch buffer while
 * another wire is in the middle of the same block; or nowhere if we did not ask for it or have it already.
 */
export function targetOf(state: DownloadState, peer: PeerQueue, block: BlockRequest): BlockTarget | null {
  stopReceiving(state, peer);
  const key = state.grid.keyOf(block);
  const assembly = state.pieces.get(block.piece);
  if (key === undefined || assembly === undefined || peer.isBanned || !peer.wasAsked(key)) return null;
  const index = state.grid.blockOf(key);
  if (assembly.phase !== "filling" || assembly.hasArrived(index)) return null;
  if (!mayStore(assembly.investigation, index, peer.source)) return null;
  const view = assembly.startWriting(index, peer.source.peer);
  peer.incoming = { key, assembly, isScratch: view === undefined };
  return { buffer: view ?? peer.scratch(block.length), at: 0 };
}

/** A whole block has come. `stored`: its payload went where `targetOf` said. */
export function receiveBlock(
  state: DownloadState,
  peer: PeerQueue,
  { block, stored, nowMs }: { block: BlockRequest; stored: boolean; nowMs: number },
): void {
  const { incoming } = peer;
  stopReceiving(state, peer);
  state.counters.downloadedBytes += block.length;
  state.allowance.charge(block.length);
  peer.downloadedBytes += block.length;
  const key = state.grid.keyOf(block);
  const wasAsked = key !== undefined && peer.wasAsked(key);
  // It was on its way when we took the request back: what we asked for again since then would come a second time.
  if (wasAsked && peer.forgetRecalled(key) && peer.inFlight.has(key)) recallBlock(state, peer, key);
  if (key !== undefined && peer.inFlight.has(key)) peer.noteAnswer(key);
  if (stored && incoming !== undefined && incoming.key === key && canUse(state, peer, incoming)) {
    const { assembly } = incoming;
    const index = state.grid.blockOf(incoming.key);
    if (incoming.isScratch) assembly.blockBytes(index).set(peer.scratch(block.length));
    acceptBlock(state, assembly, { block: index, source: peer.source, sender: peer });
  } else {
    state.counters.wastedBytes += block.length;
    if (key !== undefined) dropRequest(state, peer, key);
  }
  if (!wasAsked) return peer.noteUnrequested(block.length);
  const wasProven = peer.isProven;
  peer.noteBlock(nowMs);
  if (!wasProven && peer.isProven) spread(state, nowMs);
  endSilence(state, peer);
}

/** The peer's wire is not writing anywhere any more. */
export function stopReceiving(state: DownloadState, peer: PeerQueue): void {
  const { incoming } = peer;
  peer.incoming = undefined;
  if (incoming === undefined || incoming.isScratch) return;
  incoming.assembly.stopWriting(state.grid.blockOf(incoming.key), peer.source.peer);
}

/** Much can have happened since the block began to arrive. */
function canUse(state: DownloadState, peer: PeerQueue, incoming: NonNullable<PeerQueue["incoming"]>): boolean {
  const { assembly, key } = incoming;
  const index = state.grid.blockOf(key);
  if (state.pieces.get(assembly.piece) !== assembly || assembly.phase !== "filling") return false;
  return !peer.isBanned && !assembly.hasArrived(index) && mayStore(assembly.investigation, index, peer.source);
}
