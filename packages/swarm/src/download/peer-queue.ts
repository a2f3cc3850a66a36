import { hasBit } from "../bits.ts";
import { BLOCK_LENGTH_BYTES } from "../types.ts";
import type { PeerStats } from "./downloader-types.ts";
import type { PieceAssembly } from "./piece-assembly.ts";
import type { Source } from "./source.ts";

/** Work queued at a peer on top of one round trip: short enough for a seek, long enough for one tick and its jitter. */
const QUEUED_WORK_MS = 500;
/** Requests to a peer that has not shown its rate: a blackhole gets no more than this of an urgent piece. */
const UNPROVEN_DEPTH = 3;
/** Blocks after which the rate is believed. */
const PROVEN_BLOCKS = 2;
/** The way to the other end of the world and back. What takes longer waits in a queue of the peer, out of which a CANCEL takes it. */
const MAX_LATENCY_MS = 300;
/** Two, so that the pipe never runs dry between an answer and the next request. */
const MIN_DEPTH = 2;
/** What clients accept without being asked for less (libtorrent's default queue is 500, µTorrent's 250). */
const DEFAULT_QUEUE_LIMIT = 250;
/** Enough for 16 MB/s over a round trip of a second; more would only make cancelling slow. */
const MAX_QUEUE_LIMIT = 1000;
/** A guess for peers that have sent nothing: 64 KB/s. */
const UNKNOWN_MS_PER_BLOCK = 250;
/** 800 MB/s: no estimate is faster, so that no division runs away. */
const MIN_MS_PER_BLOCK = 0.02;
/** Weight of the newest block in the average, once enough have come. */
const MIN_RATE_WEIGHT = 1 / 8;
/** A peer that has not proven itself, or is slow, is silent after this. */
const MAX_QUIET_MS = 1000;
/** It owes us blocks without a pause if all were taken back, and others asked for, within this: two ticks. */
const MAX_PAUSE_MS = 100;
/** Requests taken back whose blocks are still accepted: those can be in the pipe. */
const MAX_RECALLED = 2 * MAX_QUEUE_LIMIT;

/**
 * Blocks that nobody asked for: as much as this is the answer to something we forgot, or a mistake; and a share of what a
 * peer did send on request. What is more only eats bandwidth.
 */
export const MAX_UNREQUESTED_BYTES = 1024 * 1024;
const UNREQUESTED_SHARE = 1 / 16;

/** Of a peer that is not there. */
export const NO_PEER_STATS: PeerStats = {
  bytesPerSecond: 0,
  downloadedBytes: 0,
  inFlight: 0,
  isSilent: false,
  silences: 0,
  roundTripMs: 0,
};

/** The block that a peer's wire is receiving, and where it goes. */
export interface IncomingBlock {
  readonly key: number;
  readonly assembly: PieceAssembly;
  /** The payload goes to the peer's scratch buffer because another wire is writing the same block. */
  readonly isScratch: boolean;
}

/** One peer: what it has, what it owes us, and how fast it is. */
export class PeerQueue {
  readonly source: Source;
  isChoking = true;
  isBanned = false;
  /** When it went silent (owes us blocks, sends nothing); undefined while it answers. */
  silentSinceMs: number | undefined;
  /** How often it went silent since it last sent a block. */
  silences = 0;
  /** Requests it owes us: block key → when it was sent; oldest first. */
  readonly inFlight = new Map<number, number>();
  incoming: IncomingBlock | undefined;
  /** Pieces it has and we lack. */
  lackedPieces = 0;
  downloadedBytes = 0;
  /** Version of the deadline order in which it had nothing that we want. */
  barrenVersion = -1;
  /** When it would finish one more block, as ranked on the last tick. */
  rankedEtaMs = Number.POSITIVE_INFINITY;
  /** How many requests it may owe us before it takes a share of what is due now, as `spread` found last. */
  urgentDepth = Number.POSITIVE_INFINITY;
  /** How many requests it may owe us while fewer blocks are wanted than all queues hold, as `spread` found last. */
  shareDepth = Number.POSITIVE_INFINITY;
  /** Those of the requests that others may fetch meanwhile: of pieces that it says it has, and has not shown. */
  readonly probes = new Set<number>();
  /** Pieces that it says it has and left a request of unanswered, and until when others are asked for them. */
  readonly #doubts = new Map<number, number>();
  #isDoubtful = false;
  /** The request that it owes us longest, and how many that were sent later it has answered since. */
  #oldestKey: number | undefined;
  #overtakings = 0;
  /** How often each block was taken back without an answer so far. */
  readonly #recalled = new Map<number, number>();
  #unrequestedBytes = 0;
  #bits: Uint8Array | "all" | undefined;
  #queueLimit = DEFAULT_QUEUE_LIMIT;
  #scratch: Uint8Array | undefined;
  #msPerBlock = 0;
  #roundTripMs = 0;
  #answered = 0;
  #lastBlockMs = Number.NEGATIVE_INFINITY;
  /** When it will have sent the block that it was sending when that was taken back. */
  #busyUntilMs = Number.NEGATIVE_INFINITY;
  /** When the first request into the empty pipe was sent. */
  #pipeFilledMs = 0;
  /** Since when it has owed us blocks without a pause, whichever they were. */
  #owingSinceMs = 0;
  /** When it was last known to owe us any. */
  #owedAtMs = Number.NEGATIVE_INFINITY;
  /** The next block answers a request into an empty pipe: it shows latency, not rate. */
  #isPipeFresh = true;

  constructor(source: Source) {
    this.source = source;
  }

  /** May be given requests now. */
  get isReady(): boolean {
    return !this.isChoking && !this.isBanned && this.silentSinceMs === undefined;
  }

  get isSilent(): boolean {
    return this.silentSinceMs !== undefined;
  }

  get isProven(): boolean {
    return this.#answered >= PROVEN_BLOCKS;
  }

  get roundTripMs(): number {
    return this.#roundTripMs;
  }

  /** It says that it has the piece. */
  has(piece: number): boolean {
    return this.#bits === "all" || (this.#bits !== undefined && hasBit(this.#bits, piece));
  }

  /** It says that it has the piece, and nothing speaks against that. */
  offers(piece: number): boolean {
    return this.has(piece) && !this.#doubts.has(piece);
  }

  /** It did not send once what it was asked for and others have: it may lie about other pieces, too, as long as it is connected. */
  get isDoubtful(): boolean {
    return this.#isDoubtful || this.silences > 0;
  }

  /** It did not send what it was asked for of the piece: it `offers` it no more until then. */
  doubt(piece: number, untilMs: number): void {
    this.#isDoubtful = true;
    this.#doubts.set(piece, untilMs);
  }

  /** Ends the doubts that are over. */
  endDoubts(isOver: (piece: number, untilMs: number) => boolean): void {
    for (const [piece, untilMs] of this.#doubts) {
      if (!isOver(piece, untilMs)) continue;
      this.#doubts.delete(piece);
      this.barrenVersion = -1;
    }
  }

  setPieces(bits: Uint8Array | "all"): void {
    this.#bits = bits;
    this.barrenVersion = -1;
  }

  /** What it said it has. */
  get pieces(): Uint8Array | "all" | undefined {
    return this.#bits;
  }

  /** The bits themselves, to add to; undefined if it has everything. */
  pieceBits(byteLength: number): Uint8Array | undefined {
    if (this.#bits === "all") return undefined;
    this.#bits ??= new Uint8Array(byteLength);
    return this.#bits;
  }

  /** BEP 10 `reqq`: the peer drops requests beyond it. */
  setQueueLimit(requestQueue: number): void {
    if (requestQueue > 0) this.#queueLimit = Math.min(Math.floor(requestQueue), MAX_QUEUE_LIMIT) || 1;
  }

  /** How many requests it should owe us at once, for this much work on top of a round trip. */
  depth(queuedWorkMs = QUEUED_WORK_MS): number {
    if (!this.isProven) return Math.min(this.#queueLimit, this.silences > 0 ? 1 : UNPROVEN_DEPTH);
    const needed = Math.ceil((queuedWorkMs + this.#roundTripMs) / this.#msPerBlock);
    return Math.min(this.#queueLimit, Math.max(MIN_DEPTH, needed));
  }

  /** What one more block costs it, in ms; rises while it owes blocks and sends nothing. */
  msPerBlock(nowMs: number): number {
    const average = this.#msPerBlock || UNKNOWN_MS_PER_BLOCK;
    if (this.inFlight.size === 0) return average;
    const owingMs = this.owingMs(nowMs);
    return owingMs > Math.max(300, 2 * average) ? Math.max(average, owingMs) : average;
  }

  /** The average alone; 0 before the first block. */
  get averageMsPerBlock(): number {
    return this.#msPerBlock;
  }

  /** How long it has been owing us these blocks, or those that were next to them, without sending any. */
  quietMs(nowMs: number): number {
    return nowMs - Math.max(this.#lastBlockMs, this.#pipeFilledMs);
  }

  /** The same, be it that all were taken back and others asked for meanwhile: who never sends must not gain time by that. */
  owingMs(nowMs: number): number {
    return nowMs - Math.max(this.#lastBlockMs, this.#owingSinceMs);
  }

  /** It owes us blocks now. */
  noteOwing(nowMs: number): void {
    this.#owedAtMs = nowMs;
  }

  /** It has said why it does not send. */
  excuse(): void {
    this.#owedAtMs = Number.NEGATIVE_INFINITY;
  }

  /**
   * How long it has been sending the block that comes next: not at all, as far as is known, if that was asked for since the last one came.
   * Negative while it goes on sending one that was taken back.
   */
  sendingMs(nowMs: number): number {
    if (nowMs < this.#busyUntilMs) return nowMs - this.#busyUntilMs;
    for (const sentMs of this.inFlight.values()) {
      return sentMs > this.#lastBlockMs ? 0 : Math.min(this.quietMs(nowMs), this.#msPerBlock);
    }
    return 0;
  }

  /** Silence is judged by its own pace: five blocks' time, at least a round trip and at most a second. */
  maxQuietMs(): number {
    if (this.#answered === 0) return MAX_QUIET_MS;
    return Math.min(MAX_QUIET_MS, Math.max(300 + this.#roundTripMs, 5 * this.#msPerBlock));
  }

  /** How many later requests were answered before the oldest one. Peers answer in order (libtorrent, Transmission and aria2 do). */
  get overtakings(): number {
    const [oldest] = this.inFlight.keys();
    return oldest === this.#oldestKey ? this.#overtakings : 0;
  }

  /** A request that it owes us is answered. */
  noteAnswer(key: number): void {
    const [oldest] = this.inFlight.keys();
    if (oldest !== this.#oldestKey) this.#overtakings = 0;
    this.#oldestKey = oldest;
    if (key !== oldest) this.#overtakings += 1;
  }

  noteRequest(key: number, nowMs: number): void {
    if (this.inFlight.size === 0) {
      this.#pipeFilledMs = nowMs;
      this.#isPipeFresh = true;
      if (nowMs - this.#owedAtMs > MAX_PAUSE_MS) this.#owingSinceMs = nowMs;
    }
    this.inFlight.set(key, nowMs);
  }

  /** How many of the blocks that it owes have left it, or will have before a CANCEL is there: the first ones that were asked for. */
  get blocksUnderWay(): number {
    const latencyMs = Math.min(MAX_LATENCY_MS, this.#roundTripMs - this.#msPerBlock);
    return this.#msPerBlock > 0 ? Math.max(1, Math.ceil(latencyMs / this.#msPerBlock)) : 0;
  }

  /** A request is about to be taken back. Nobody can call back the block that is being sent, which is the one that was asked for first. */
  noteCancel(key: number): void {
    const [next] = this.inFlight.keys();
    if (key === next) this.#busyUntilMs = Math.max(this.#lastBlockMs, this.#pipeFilledMs) + this.#msPerBlock;
  }

  /** The request was taken back, but its block may be on its way already. */
  noteRecalled(key: number): void {
    this.#recalled.set(key, (this.#recalled.get(key) ?? 0) + 1);
    if (this.#recalled.size <= MAX_RECALLED) return;
    for (const oldest of this.#recalled.keys()) {
      this.#recalled.delete(oldest);
      this.#unrequestedBytes -= BLOCK_LENGTH_BYTES;
      break;
    }
  }

  /** True if we had taken a request for the block back: an answer to that one is no longer expected. */
  forgetRecalled(key: number): boolean {
    const count = this.#recalled.get(key) ?? 0;
    if (count > 1) this.#recalled.set(key, count - 1);
    else this.#recalled.delete(key);
    return count > 0;
  }

  /** Whether we asked it for the block, be it that we took the request back. */
  wasAsked(key: number): boolean {
    return this.inFlight.has(key) || this.#recalled.has(key);
  }

  /** A block has come that was not asked for. */
  noteUnrequested(lengthBytes: number): void {
    this.#unrequestedBytes += lengthBytes;
  }

  /** It sends what nobody asked for, far beyond what cancels and chokes that crossed with blocks explain. */
  get isFlooding(): boolean {
    return this.#unrequestedBytes > MAX_UNREQUESTED_BYTES + this.downloadedBytes * UNREQUESTED_SHARE;
  }

  /**
   * A block has come; call it after its request left `inFlight`. The rate is an average of ms per block, which is the
   * harmonic mean of the speed: a burst out of a buffer cannot inflate it.
   */
  noteBlock(nowMs: number): void {
    const sinceRequestMs = nowMs - this.#pipeFilledMs;
    const gapMs = nowMs - Math.max(this.#lastBlockMs, this.#pipeFilledMs);
    if (this.#isPipeFresh) {
      this.#roundTripMs = this.#roundTripMs > 0 ? Math.min(this.#roundTripMs * 1.2, sinceRequestMs) : sinceRequestMs;
    }
    if (this.#answered === 0) {
      this.#msPerBlock = Math.max(MIN_MS_PER_BLOCK, gapMs);
    } else if (!this.#isPipeFresh) {
      const weight = Math.max(MIN_RATE_WEIGHT, 1 / (this.#answered + 1));
      this.#msPerBlock = Math.max(MIN_MS_PER_BLOCK, this.#msPerBlock * (1 - weight) + gapMs * weight);
    }
    this.#answered += 1;
    this.#lastBlockMs = nowMs;
    this.#busyUntilMs = Number.NEGATIVE_INFINITY;
    this.#isPipeFresh = this.inFlight.size === 0;
    this.silences = 0;
  }

  /** It was silent for long: it starts again as an unknown, with a single request. */
  forgetRate(): void {
    this.#answered = 0;
  }

  stats(): PeerStats {
    const isServing = this.#msPerBlock > 0 && !this.isChoking && !this.isSilent;
    return {
      bytesPerSecond: isServing ? (BLOCK_LENGTH_BYTES * 1000) / this.#msPerBlock : 0,
      downloadedBytes: this.downloadedBytes,
      inFlight: this.inFlight.size,
      isSilent: this.isSilent,
      silences: this.silences,
      roundTripMs: this.#roundTripMs,
    };
  }

  /** Where a block goes while another wire is writing the same block into the piece. */
  scratch(lengthBytes: number): Uint8Array {
    this.#scratch ??= new Uint8Array(BLOCK_LENGTH_BYTES);
    return this.#scratch.subarray(0, lengthBytes);
  }
}
