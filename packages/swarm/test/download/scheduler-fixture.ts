import { torrentShape } from "@riptide/sim";
import { createDownloadState, type DownloadState } from "../../src/download/download-state.ts";
import type { DownloaderOutput, PeerKey } from "../../src/download/downloader-types.ts";
import { PeerQueue } from "../../src/download/peer-queue.ts";
import { Source } from "../../src/download/source.ts";
import { BLOCK_LENGTH_BYTES, type BlockRequest } from "../../src/types.ts";

/** Blocks of each piece in these tests. */
const BLOCKS = 4;

/** What a downloader said, in words: `request 1 0.2` is block 2 of piece 0 asked of peer 1. */
export class RecordedOutput implements DownloaderOutput {
  readonly said: string[] = [];
  readonly released: Uint8Array[] = [];

  request(peer: PeerKey, blocks: readonly BlockRequest[]): void {
    this.said.push(`request ${peer} ${nameBlocks(blocks)}`);
  }

  cancel(peer: PeerKey, blocks: readonly BlockRequest[]): void {
    this.said.push(`cancel ${peer} ${nameBlocks(blocks)}`);
  }

  pieceVerified(piece: number): void {
    this.said.push(`verified ${piece}`);
  }

  pieceFailed(piece: number): void {
    this.said.push(`failed ${piece}`);
  }

  ban(peer: PeerKey, host: string): void {
    this.said.push(`ban ${peer} ${host}`);
  }

  bufferReleased(buffer: Uint8Array): void {
    this.released.push(buffer);
  }

  /** What was said since the last call. */
  take(): string[] {
    return this.said.splice(0);
  }
}

function nameBlocks(blocks: readonly BlockRequest[]): string {
  return blocks.map(({ piece, offset }) => `${piece}.${offset / BLOCK_LENGTH_BYTES}`).join(" ");
}

/** A torrent of `pieceCount` pieces of four blocks. */
export function smallGeometry(pieceCount: number) {
  return torrentShape(pieceCount * BLOCKS * BLOCK_LENGTH_BYTES, BLOCKS * BLOCK_LENGTH_BYTES);
}

export function stateWith(deadlines: readonly (readonly [number, number])[], pieceCount = 8) {
  const output = new RecordedOutput();
  const state = createDownloadState({ geometry: smallGeometry(pieceCount), output });
  state.order.setReader(0, deadlines, () => false);
  return { state, output };
}

/** An unchoked peer that has everything and whose rate is known. */
export function addPeer(
  state: DownloadState,
  options: { key: PeerKey; msPerBlock?: number; latencyMs?: number; pieces?: Uint8Array | "all" },
): PeerQueue {
  const { key, msPerBlock, latencyMs = 0, pieces = "all" } = options;
  const peer = new PeerQueue(new Source(key, `host-${key}`));
  peer.isChoking = false;
  peer.setPieces(pieces);
  if (msPerBlock !== undefined) prove(peer, msPerBlock, { latencyMs });
  state.peers.set(key, peer);
  state.ranked = [...state.ranked, peer];
  return peer;
}

/** Lets the peer answer before time 0 at its pace, out of a full pipe; its first block takes `latencyMs` longer. */
export function prove(peer: PeerQueue, msPerBlock: number, { blocks = 30, latencyMs = 0 } = {}): void {
  const marker = -1;
  peer.noteRequest(marker, -blocks * msPerBlock - latencyMs);
  for (let block = 1; block <= blocks; block++) peer.noteBlock((block - blocks) * msPerBlock);
  peer.inFlight.delete(marker);
}
