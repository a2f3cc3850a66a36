import { assertInvariant } from "@riptide/core";
import { bitsBeyond, bitsByteLength, clearBit, countBits, hasBit, setBit } from "../bits.ts";
import type { BlockRequest } from "../types.ts";
import { judgeComplete } from "./blame.ts";
import { dropRequest, offerUnstored, recallBlock, recallUnwanted, releaseAllBlocks } from "./block-requests.ts";
import { assertDeadlines, type Deadlines } from "./deadline-order.ts";
import { createDownloadState, type DownloadState, rankPeers } from "./download-state.ts";
import type {
  BlockTarget,
  DownloaderOptions,
  DownloaderStats,
  PartialPiece,
  PeerKey,
  PeerStats,
} from "./downloader-types.ts";
import { endgame } from "./endgame.ts";
import { fill, fillHungry, isHungry } from "./fill.ts";
import { receiveBlock, stopReceiving, targetOf } from "./incoming-blocks.ts";
import { exportPartial, fitsTorrent, importPartial } from "./partials.ts";
import { NO_PEER_STATS, PeerQueue } from "./peer-queue.ts";
import { preempt } from "./preempt.ts";
import { noteReject, releaseOverdue } from "./silence.ts";
import { Source } from "./source.ts";
import type { ChosenFile, SparePolicy } from "./spare.ts";
import { SpareTime } from "./spare-time.ts";
import { shareWithNewcomer, spread } from "./spread.ts";
import { URGENT_WITHIN_MS } from "./urgent-blocks.ts";
import { keepSuspectsApart, keepTrialsGoing } from "./witness.ts";

/**
 * Who breaks a request off may ask for the same bytes again at once: Chromium does within some 60 ms, again and again. To cancel
 * in between would bring the blocks that are on their way twice, and nothing else waits for their place.
 */
const SECOND_THOUGHTS_MS = 100;

/** Deadlines of a reader that goes on move by less than this at a time. */
const SOONER_BY_MS = 250;

/**
 * The pure heart of a torrent session: peers, pieces and the clock in; requests, cancels, finished pieces and bans out.
 * No sockets, no timers: whoever owns those calls the input methods, `tick` every 50 ms unless it `isIdle`, and obeys
 * `DownloaderOutput`.
 * The same calls give the same output. Unknown peers are ignored (their last words may come after `removePeer`).
 */
export class Downloader implements Disposable {
  readonly #options: DownloaderOptions;
  readonly #have: Uint8Array;
  readonly #state: DownloadState;
  /** Since when nobody wants anything, as long as what was asked for is not cancelled. */
  #unwantedSinceMs: number | undefined;
  readonly #spare: SpareTime;
  /** Since blocks were last taken back for more urgent ones. */
  #isPlanChanged = false;

  constructor(options: DownloaderOptions) {
    const { geometry, have } = options;
    assertInvariant(have.length === bitsByteLength(geometry.pieceCount), "`have` needs one bit for each piece");
    this.#options = options;
    this.#have = have.slice();
    this.#state = createDownloadState(options);
    this.#spare = new SpareTime(this.#state, (piece) => hasBit(this.#have, piece));
  }

  /** A new connection: it chokes us and has nothing until it says otherwise (BEP 3). A banned host stays without work. */
  addPeer(peer: PeerKey, host: string, _nowMs: number): void {
    assertInvariant(!this.#state.peers.has(peer), `Peer ${peer} must be added only once`);
    const queue = new PeerQueue(new Source(peer, host));
    queue.isBanned = this.#state.bannedHosts.has(host);
    this.#state.peers.set(peer, queue);
  }

  /** The connection is gone, and its wire writes nothing any more. */
  removePeer(peer: PeerKey, nowMs: number): void {
    const queue = this.#state.peers.get(peer);
    if (queue === undefined) return;
    stopReceiving(this.#state, queue);
    releaseAllBlocks(this.#state, queue);
    this.#state.peers.delete(peer);
    this.#state.availability.remove(queue.pieces);
    this.#state.outbox.forget(peer);
    this.#blocksReleased(nowMs);
  }

  /** `bits` has one bit for each piece, BEP 3 order, and may have more in its last byte; copied. */
  peerBitfield(peer: PeerKey, bits: Uint8Array, nowMs: number): void {
    assertInvariant(bits.length === bitsByteLength(this.#pieceCount), "A bitfield needs one bit for each piece");
    const pieces = bits.slice();
    for (let index = this.#pieceCount; index < pieces.length * 8; index += 1) clearBit(pieces, index);
    this.#setPieces(peer, countBits(pieces) === this.#pieceCount ? "all" : pieces, nowMs);
  }

  /** BEP 3 have. Ignored if there is no such piece. */
  peerHave(peer: PeerKey, piece: number, nowMs: number): void {
    const queue = this.#state.peers.get(peer);
    if (queue === undefined || !(piece >= 0 && piece < this.#pieceCount) || queue.has(piece)) return;
    const bits = queue.pieceBits(this.#have.length);
    if (bits === undefined) return;
    setBit(bits, piece);
    this.#state.availability.addPiece(piece);
    if (!hasBit(this.#have, piece)) queue.lackedPieces += 1;
    if (!this.#state.order.isWanted(piece)) return;
    queue.barrenVersion = -1;
    fill(this.#state, queue, nowMs);
    this.#settle(nowMs);
  }

  /** BEP 6 have all. */
  peerHaveAll(peer: PeerKey, nowMs: number): void {
    this.#setPieces(peer, "all", nowMs);
  }

  /** BEP 6 have none. */
  peerHaveNone(peer: PeerKey, nowMs: number): void {
    this.#setPieces(peer, new Uint8Array(this.#have.length), nowMs);
  }

  /**
   * Everything it owes us becomes free for others. BEP 6 demands a reject for each request, but peers that send none
   * exist; blocks that were on their way are still accepted.
   */
  peerChoked(peer: PeerKey, nowMs: number): void {
    const queue = this.#state.peers.get(peer);
    if (queue === undefined) return;
    queue.isChoking = true;
    releaseAllBlocks(this.#state, queue);
    this.#blocksReleased(nowMs);
  }

  peerUnchoked(peer: PeerKey, nowMs: number): void {
    const queue = this.#state.peers.get(peer);
    if (queue === undefined) return;
    queue.isChoking = false;
    fill(this.#state, queue, nowMs);
    shareWithNewcomer(this.#state, queue, nowMs);
    this.#settle(nowMs);
  }

  /** It sends blocks that nobody asked for, again and again: its connection only costs bandwidth. */
  isFlooding(peer: PeerKey): boolean {
    return this.#state.peers.get(peer)?.isFlooding ?? false;
  }

  /** BEP 10 `reqq`: how many requests the peer keeps. */
  peerQueueLimit(peer: PeerKey, requestQueue: number): void {
    this.#state.peers.get(peer)?.setQueueLimit(requestQueue);
  }

  /** It has a piece that we lack. */
  isInteresting(peer: PeerKey): boolean {
    return (this.#state.peers.get(peer)?.lackedPieces ?? 0) > 0;
  }

  /**
   * Replaces one reader's deadlines (absolute times; null = the reader is gone). What nobody wants any more is cancelled
   * at once if something else is wanted, else a moment later; work that is due later makes way for what is due now.
   */
  setDeadlines(reader: number, deadlines: Deadlines | null, nowMs: number): void {
    const state = this.#state;
    assertDeadlines(deadlines ?? [], this.#pieceCount);
    // Spare work makes way for whatever a reader lacks, before anything else is decided.
    const didEnd = (deadlines ?? []).some(([piece]) => !hasBit(this.#have, piece)) && this.#spare.end();
    const isUrgent = (deadlines ?? []).some((deadline) => this.#isSooner(deadline, nowMs));
    const dropped = state.order.setReader(reader, deadlines, (piece) => hasBit(this.#have, piece));
    const isUnwanted =
      didEnd || this.#unwantedSinceMs !== undefined || dropped.some((piece) => state.pieces.get(piece));
    if (state.order.isEmpty) this.#unwantedSinceMs ??= nowMs;
    else this.#unwantedSinceMs = undefined;
    if (isUnwanted && !state.order.isEmpty) recallUnwanted(state);
    keepSuspectsApart(state);
    if (isUrgent || isUnwanted) {
      this.#preemptAndSchedule(nowMs);
    } else {
      this.#isPlanChanged = true;
      spread(state, nowMs);
      fillHungry(state, nowMs);
    }
    this.#settle(nowMs);
  }

  /**
   * What to fetch while readers have all that they ask for, of the files that are played. It is asked for in short queues,
   * and cancelled as soon as a reader lacks anything.
   */
  setSpare(policy: SparePolicy, files: readonly ChosenFile[], nowMs: number): void {
    this.#spare.choose(policy, files);
    this.#useSpareTime(nowMs);
    this.#settle(nowMs);
  }

  /** Where the payload of a block that begins to arrive is to be written; null = skip it. */
  blockTarget(peer: PeerKey, block: BlockRequest): BlockTarget | null {
    const queue = this.#state.peers.get(peer);
    return queue === undefined ? null : targetOf(this.#state, queue, block);
  }

  /** A block has come whole. `stored` is false if its target was null or was released under way. */
  blockArrived(peer: PeerKey, block: BlockRequest, stored: boolean, nowMs: number): void {
    const queue = this.#state.peers.get(peer);
    if (queue === undefined) return;
    receiveBlock(this.#state, queue, { block, stored, nowMs });
    this.#settle(nowMs);
  }

  /** BEP 6 reject. */
  rejected(peer: PeerKey, block: BlockRequest, nowMs: number): void {
    const queue = this.#state.peers.get(peer);
    const key = this.#state.grid.keyOf(block);
    // BEP 6: a cancelled request is answered too. That reject must not end the request that may have followed.
    if (queue === undefined || key === undefined || queue.forgetRecalled(key)) return;
    if (!dropRequest(this.#state, queue, key)) return;
    noteReject(this.#state, queue, block.piece, nowMs);
    this.#settle(nowMs);
  }

  /** All that came in one read has been handed over: time to ask for more. */
  readEnded(peer: PeerKey, nowMs: number): void {
    const queue = this.#state.peers.get(peer);
    if (queue === undefined || !isHungry(this.#state, queue)) return;
    fill(this.#state, queue, nowMs);
    this.#settle(nowMs);
  }

  /** Nothing is wanted, and nothing left to be cancelled: a tick would change nothing. Only `setDeadlines` ends that. */
  get isIdle(): boolean {
    return this.#state.order.isEmpty && this.#unwantedSinceMs === undefined;
  }

  /** Every 50 ms: O(peers + window), and O(requests) while an urgent piece waits for its last blocks. */
  tick(nowMs: number): void {
    const state = this.#state;
    if (nowMs - (this.#unwantedSinceMs ?? nowMs) >= SECOND_THOUGHTS_MS) {
      this.#unwantedSinceMs = undefined;
      recallUnwanted(state);
    }
    const hasReleased = releaseOverdue(state, nowMs);
    keepTrialsGoing(state);
    keepSuspectsApart(state);
    this.#useSpareTime(nowMs);
    if (hasReleased || this.#isPlanChanged) this.#preemptAndSchedule(nowMs);
    else this.#schedule(nowMs);
    offerUnstored(state);
    this.#settle(nowMs);
  }

  /** Asks for nothing until `resume`: everything asked for is cancelled, blocks on their way are still accepted. */
  pause(nowMs: number): void {
    const state = this.#state;
    state.isPaused = true;
    for (const peer of state.peers.values()) for (const key of peer.inFlight.keys()) recallBlock(state, peer, key);
    this.#settle(nowMs);
  }

  resume(nowMs: number): void {
    this.#state.isPaused = false;
    this.tick(nowMs);
  }

  /**
   * The piece of a `pieceVerified` is stored: we have it, and its bytes are not used any more. Returns the peers that lack it: to tell
   * the others (BEP 3, HAVE) would cost a packet each and change nothing.
   */
  pieceStored(piece: number, nowMs: number): PeerKey[] {
    const state = this.#state;
    const assembly = state.pieces.get(piece);
    assertInvariant(assembly?.phase === "storing", `Piece ${piece} must be verified before it is stored`);
    state.pieces.close(assembly);
    setBit(this.#have, piece);
    state.order.remove(piece);
    const lacking: PeerKey[] = [];
    for (const [key, peer] of state.peers) {
      if (peer.has(piece)) peer.lackedPieces -= 1;
      else lacking.push(key);
    }
    this.#useSpareTime(nowMs);
    this.#settle(nowMs);
    return lacking;
  }

  /** A piece that was there is given up: it is missing again. Whoever wants it sets its deadlines anew. */
  pieceEvicted(piece: number): void {
    if (!hasBit(this.#have, piece)) return;
    clearBit(this.#have, piece);
    for (const peer of this.#state.peers.values()) if (peer.has(piece)) peer.lackedPieces += 1;
  }

  /**
   * The piece could not be stored. It is wanted again: while its bytes are in memory it is handed out again on a tick
   * (not while paused), otherwise it is downloaded again.
   */
  pieceStoreFailed(piece: number, nowMs: number): void {
    const assembly = this.#state.pieces.get(piece);
    assertInvariant(assembly?.phase === "storing", `Piece ${piece} must be verified before storing it can fail`);
    assembly.phase = "unstored";
    this.#settle(nowMs);
  }

  /** Pieces that are not stored, and of which some blocks are there. */
  partialPieces(): number[] {
    return [...this.#state.pieces.values()].filter(({ arrivedBlocks }) => arrivedBlocks > 0).map(({ piece }) => piece);
  }

  /** Blocks of pieces that are not stored (of all, or of these), to be kept across a restart. */
  exportPartials(pieces: readonly number[] = this.partialPieces()): PartialPiece[] {
    return [...this.#state.pieces.values()].filter(({ piece }) => pieces.includes(piece)).map(exportPartial);
  }

  /** Takes up blocks from an earlier run. Ignored if they do not fit the torrent, are there, or find no memory. */
  importPartial(piece: number, blocks: Uint8Array, bytes: Uint8Array, nowMs: number): void {
    const partial = { piece, blocks, bytes };
    if (!fitsTorrent(this.#options.geometry, partial) || hasBit(this.#have, piece)) return;
    importPartial(this.#state, partial);
    this.#settle(nowMs);
  }

  /** Wanted pieces that no connected peer has, choking peers counted, in the order of their deadlines. */
  unavailable(): number[] {
    const { order, peers } = this.#state;
    const sources = [...peers.values()].filter((peer) => !peer.isBanned);
    return order.pieces.filter((piece) => order.isWanted(piece) && !sources.some((peer) => peer.has(piece)));
  }

  /** The torrent is gone: the memory of its pieces is free for others. */
  [Symbol.dispose](): void {
    this.#state.pieces[Symbol.dispose]();
  }

  get stats(): DownloaderStats {
    const { counters, pieces } = this.#state;
    return { ...counters, bufferBytes: pieces.bufferBytes, activePieces: pieces.size };
  }

  peerStats(peer: PeerKey): PeerStats {
    return this.#state.peers.get(peer)?.stats() ?? NO_PEER_STATS;
  }

  get #pieceCount(): number {
    return this.#options.geometry.pieceCount;
  }

  #setPieces(peer: PeerKey, bits: Uint8Array | "all", nowMs: number): void {
    const queue = this.#state.peers.get(peer);
    if (queue === undefined) return;
    this.#state.availability.remove(queue.pieces);
    this.#state.availability.add(bits);
    queue.setPieces(bits);
    queue.lackedPieces =
      bits === "all" ? this.#pieceCount - countBits(this.#have) : countBits(bitsBeyond(bits, this.#have));
    fill(this.#state, queue, nowMs);
    this.#settle(nowMs);
  }

  #useSpareTime(nowMs: number): void {
    if (this.#unwantedSinceMs === undefined && this.#spare.use()) fillHungry(this.#state, nowMs);
  }

  /** Somebody waits for it from now on, or waits earlier than before: what a window that moves on brings is not that. */
  #isSooner([piece, dueMs]: Deadlines[number], nowMs: number): boolean {
    if (dueMs > nowMs + URGENT_WITHIN_MS || hasBit(this.#have, piece)) return false;
    const beforeMs = this.#state.order.dueMs(piece);
    return beforeMs === undefined || beforeMs - dueMs > SOONER_BY_MS;
  }

  #preemptAndSchedule(nowMs: number): void {
    this.#isPlanChanged = false;
    preempt(this.#state, nowMs);
    this.#schedule(nowMs);
  }

  /** Ranks the peers, gives all of them work, the soonest first, and doubles what may be late. */
  #schedule(nowMs: number): void {
    const state = this.#state;
    rankPeers(state, nowMs);
    const isUrgent = spread(state, nowMs);
    for (const peer of state.ranked) if (isUrgent || isHungry(state, peer)) fill(state, peer, nowMs);
    endgame(state, nowMs);
  }

  /** A peer's blocks became free between two ticks. */
  #blocksReleased(nowMs: number): void {
    this.#state.ranked = this.#state.ranked.filter((peer) => peer.isReady && this.#state.peers.has(peer.source.peer));
    preempt(this.#state, nowMs);
    this.#settle(nowMs);
  }

  /** Ends every input call: complete pieces are judged, then everything that was decided is delivered. */
  #settle(nowMs: number): void {
    const { counters, outbox } = this.#state;
    const failuresBefore = counters.hashFailures;
    judgeComplete(this.#state, (piece, bytes) => this.#options.verify(piece, bytes));
    if (counters.hashFailures > failuresBefore) {
      keepSuspectsApart(this.#state);
      preempt(this.#state, nowMs);
      this.#schedule(nowMs);
    }
    outbox.flush();
  }
}
