import type { BlockRequest, TorrentGeometry } from "../types.ts";
import type { PieceMemory } from "./piece-memory.ts";

/** Names one connection. A peer that reconnects gets a new key. */
export type PeerKey = number;

/**
 * What the downloader decides. Called synchronously, before the input method that caused it returns; the requests and
 * cancels of one input call come in one batch for each peer, cancels first. Calling back into the downloader is allowed.
 */
export interface DownloaderOutput {
  request(peer: PeerKey, blocks: readonly BlockRequest[]): void;
  cancel(peer: PeerKey, blocks: readonly BlockRequest[]): void;
  /** All blocks are there and the hash is right. The bytes stay valid until `pieceStored` or `pieceStoreFailed`. */
  pieceVerified(piece: number, bytes: Uint8Array): void;
  /** All blocks were there and the hash was wrong. For statistics: the downloader finds the liar by itself. */
  pieceFailed(piece: number): void;
  /** This peer lied. Ban by its host: close all its connections, then call `removePeer` for each. Once for each host. */
  ban(peer: PeerKey, host: string, reason: string): void;
  /**
   * No wire may go on writing into this target buffer (compare with `===`: it is the object that `blockTarget` gave
   * out). The rest of its block is to be skipped, and `blockArrived` called with `stored: false`.
   */
  bufferReleased(buffer: Uint8Array): void;
}

/** What a downloader may ask for, of what all torrents share. */
export interface DownloadAllowance {
  /** Whether a block that is due then may be asked for now; who is refused stands in line with it, and asks again on its next tick. */
  mayAsk(dueMs: number, nowMs: number): boolean;
  /** Bytes were asked for, or came unasked; negative: they are not owed any more. */
  charge(bytes: number): void;
}

/** The hash of a piece while it arrives, front to back. */
export interface PieceHash {
  update(bytes: Uint8Array): void;
  /** True if all bytes so far have the hash of the piece. Called once, at the end. */
  isRight(): boolean;
}

export interface DownloaderOptions {
  readonly geometry: TorrentGeometry;
  /** Pieces that are verified and stored already, BEP 3 bit order. Copied. */
  readonly have: Uint8Array;
  /** True if the SHA-1 of the bytes is that of the piece. */
  verify(piece: number, bytes: Uint8Array): boolean;
  /** Spreads that work over the blocks: hashing a piece of 16 MiB at once stalls everything else for 10 ms and more. */
  readonly hash?: (piece: number) => PieceHash;
  readonly output: DownloaderOutput;
  /** Shared with other torrents. One of its own unless given. */
  readonly memory?: PieceMemory | undefined;
  /** No limit unless given. */
  readonly allowance?: DownloadAllowance | undefined;
}

/** Where the payload of a block is to be written: from `at`, as many bytes as the block is long. */
export interface BlockTarget {
  readonly buffer: Uint8Array;
  readonly at: number;
}

/** Blocks of a piece that is not complete. */
export interface PartialPiece {
  readonly piece: number;
  /** One bit for each block that is there, first block in the highest bit (as in BEP 3). */
  readonly blocks: Uint8Array;
  /** As long as the piece; a copy. Blocks that are not there hold anything. */
  readonly bytes: Uint8Array;
}

export interface DownloaderStats {
  /** Payload that arrived, useful or not. */
  readonly downloadedBytes: number;
  /** Payload that nobody needed, or that was thrown away with a dropped or bad piece. */
  readonly wastedBytes: number;
  /** Blocks asked of a second peer because the first may be late. */
  readonly duplicateRequests: number;
  readonly cancels: number;
  readonly hashFailures: number;
  readonly bans: number;
  /** Memory held in piece buffers, pooled ones included. */
  readonly bufferBytes: number;
  /** Pieces with at least one block asked for or there. */
  readonly activePieces: number;
}

export interface PeerStats {
  /** How fast it serves us; 0 before its first block, while it chokes us, and while it is silent. */
  readonly bytesPerSecond: number;
  readonly downloadedBytes: number;
  /** Requests that it has not answered yet. */
  readonly inFlight: number;
  /** It owes us blocks and has sent nothing for so long that others fetch them. */
  readonly isSilent: boolean;
  /** How often in a row it fell silent: it was asked once more in between, and did not answer. */
  readonly silences: number;
  /** Time from a request into an empty pipe to its block; 0 if unknown. */
  readonly roundTripMs: number;
}
