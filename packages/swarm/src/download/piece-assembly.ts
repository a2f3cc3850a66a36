import { assertInvariant } from "@riptide/core";
import { BLOCK_LENGTH_BYTES } from "../types.ts";
import type { BufferPool } from "./buffer-pool.ts";
import type { PeerKey, PieceHash } from "./downloader-types.ts";
import { RunningHash } from "./running-hash.ts";
import type { Source } from "./source.ts";
import type { Investigation } from "./trial.ts";

const FREE = 0;
const REQUESTED = 1;
const ARRIVED = 2;

/**
 * - `filling`: blocks are missing.
 * - `storing`: verified, handed out to be stored; nothing may change.
 * - `unstored`: verified, storing failed; handed out again on a tick.
 */
type AssemblyPhase = "filling" | "storing" | "unstored";

/** A wire in the middle of a block of this piece, and the view of the buffer it writes into. */
interface BlockWriter {
  readonly peer: PeerKey;
  readonly view: Uint8Array;
}

/**
 * One piece being put together: its buffer, and for each block whether it is free, asked for or there, who sent it, how
 * many peers owe it, and which wire is writing it right now.
 *
 * Invariant: a block that has arrived is owed by nobody (`cancel` the others when it arrives).
 */
export class PieceAssembly {
  readonly piece: number;
  readonly lengthBytes: number;
  readonly blockCount: number;
  /** Rises with every piece opened: the lowest is the oldest. */
  readonly openedOrder: number;
  phase: AssemblyPhase = "filling";
  /** Bad copies kept and what is being tried to find out who lied; undefined while nobody is suspected. */
  investigation: Investigation | undefined;
  readonly #pool: BufferPool;
  readonly #hash: RunningHash | undefined;
  readonly #states: Uint8Array;
  /** Peers that owe the block: those that answer, and those that have gone silent. */
  readonly #owedLive: Uint16Array;
  readonly #owedSilent: Uint16Array;
  readonly #sources: (Source | undefined)[];
  readonly #blocksBySource = new Map<Source, number>();
  readonly #writers: (BlockWriter | undefined)[];
  #pooled: Uint8Array | undefined;
  /** As much of it as the piece needs. */
  #bytes: Uint8Array | undefined;
  #free: number;
  #arrived = 0;
  /** No block before this one is free. */
  #cursor = 0;

  constructor(options: {
    piece: number;
    lengthBytes: number;
    openedOrder: number;
    pool: BufferPool;
    hash?: PieceHash | undefined;
  }) {
    this.#hash = options.hash && new RunningHash(options.hash);
    this.piece = options.piece;
    this.lengthBytes = options.lengthBytes;
    this.openedOrder = options.openedOrder;
    this.#pool = options.pool;
    this.blockCount = Math.ceil(options.lengthBytes / BLOCK_LENGTH_BYTES);
    this.#free = this.blockCount;
    this.#states = new Uint8Array(this.blockCount);
    this.#owedLive = new Uint16Array(this.blockCount);
    this.#owedSilent = new Uint16Array(this.blockCount);
    this.#sources = Array.from<Source | undefined>({ length: this.blockCount });
    this.#writers = Array.from<BlockWriter | undefined>({ length: this.blockCount });
  }

  /** Blocks that are neither there nor asked for. */
  get freeBlocks(): number {
    return this.#free;
  }

  get arrivedBlocks(): number {
    return this.#arrived;
  }

  get isComplete(): boolean {
    return this.#arrived === this.blockCount;
  }

  /** Who sent the blocks that are there, each once. */
  get contributors(): Source[] {
    return [...this.#blocksBySource.keys()];
  }

  /** Who sent each block. */
  get sources(): readonly (Source | undefined)[] {
    return this.#sources;
  }

  /** The piece's bytes; the buffer is taken from the pool on first use. */
  bytes(): Uint8Array {
    if (this.#bytes === undefined) {
      this.#pooled = this.#pool.take();
      this.#bytes = this.#pooled.subarray(0, this.lengthBytes);
    }
    return this.#bytes;
  }

  blockBytes(block: number): Uint8Array {
    return this.bytes().subarray(block * BLOCK_LENGTH_BYTES, (block + 1) * BLOCK_LENGTH_BYTES);
  }

  hasArrived(block: number): boolean {
    return this.#states[block] === ARRIVED;
  }

  /** Neither there nor asked for. */
  isFree(block: number): boolean {
    return this.#states[block] === FREE;
  }

  /** True if the source has a block in this piece. */
  hasFrom(source: Source): boolean {
    return this.#blocksBySource.has(source);
  }

  /** True if no other source has a block in this piece. */
  isOnlyFrom(source: Source): boolean {
    const others = this.#blocksBySource.size - (this.hasFrom(source) ? 1 : 0);
    return others === 0;
  }

  /** The first free block that `accepts` takes, or undefined. O(1) amortised if it takes every block. */
  nextFree(accepts?: (block: number) => boolean): number | undefined {
    while (this.#cursor < this.blockCount && this.#states[this.#cursor] !== FREE) this.#cursor += 1;
    for (let block = this.#cursor; block < this.blockCount; block++) {
      if (this.#states[block] === FREE && (accepts === undefined || accepts(block))) return block;
    }
    return undefined;
  }

  /** A peer owes us the block from now on. */
  ask(block: number): void {
    this.#owedLive[block] = this.owedLive(block) + 1;
    if (this.#states[block] === FREE) {
      this.#states[block] = REQUESTED;
      this.#free -= 1;
    }
  }

  /** A peer no longer owes the block: it is free again if no peer that answers does. */
  unask(block: number, wasSilent: boolean): void {
    const owed = wasSilent ? this.#owedSilent : this.#owedLive;
    const count = owed[block] ?? 0;
    assertInvariant(count > 0, `Block ${block} of piece ${this.piece} must be owed before it can be given up`);
    owed[block] = count - 1;
    if (this.#states[block] === REQUESTED && this.owedLive(block) === 0) this.#setFree(block);
  }

  /** A peer that owes the block has gone silent: others may fetch it, though it may still come. */
  silence(block: number): void {
    this.#owedSilent[block] = (this.#owedSilent[block] ?? 0) + 1;
    this.unask(block, false);
  }

  /** The silent peer speaks again. */
  revive(block: number): void {
    this.ask(block);
    this.unask(block, true);
  }

  /** How many peers that answer owe the block. */
  owedLive(block: number): number {
    return this.#owedLive[block] ?? 0;
  }

  isOwed(block: number): boolean {
    return this.owedLive(block) > 0 || (this.#owedSilent[block] ?? 0) > 0;
  }

  /** The block's bytes are in the buffer. */
  arrive(block: number, source: Source): void {
    assertInvariant(!this.hasArrived(block), `Block ${block} of piece ${this.piece} must arrive only once`);
    if (this.#states[block] === FREE) this.#free -= 1;
    this.#states[block] = ARRIVED;
    this.#sources[block] = source;
    this.#countSource(source, 1);
    this.#arrived += 1;
    this.#hash?.advance(this.bytes(), (index) => this.hasArrived(index));
  }

  /** Whether the hash of the blocks as they arrived is that of the piece; undefined if that is not known. Once only. */
  arrivedRight(): boolean | undefined {
    return this.#hash?.finish(this.bytes());
  }

  /** Throws away the blocks whose source `isUnwanted`; returns how many bytes that were. */
  discard(isUnwanted: (source: Source) => boolean): number {
    let discardedBytes = 0;
    for (const [block, source] of this.#sources.entries()) {
      if (source === undefined || !isUnwanted(source)) continue;
      this.#sources[block] = undefined;
      this.#hash?.changed(block);
      this.#countSource(source, -1);
      this.#arrived -= 1;
      this.#setFree(block);
      discardedBytes += this.blockBytes(block).length;
    }
    return discardedBytes;
  }

  /** The view to write the block into, or undefined while another wire is writing it. */
  startWriting(block: number, peer: PeerKey): Uint8Array | undefined {
    if (this.#writers[block] !== undefined) return undefined;
    const view = this.blockBytes(block);
    this.#writers[block] = { peer, view };
    return view;
  }

  /** The peer's wire has written its last byte of the block, or is gone. */
  stopWriting(block: number, peer: PeerKey): void {
    if (this.#writers[block]?.peer === peer) this.#writers[block] = undefined;
  }

  /** Takes the block away from the wire that is writing it: its view must not be written to any more. */
  interruptWriter(block: number): Uint8Array | undefined {
    const writer = this.#writers[block];
    this.#writers[block] = undefined;
    return writer?.view;
  }

  /** Ends the assembly and its buffer; returns the views that wires are still writing into. */
  close(): Uint8Array[] {
    const views = this.#writers.flatMap((writer) => writer?.view ?? []);
    this.#writers.fill(undefined);
    if (this.#pooled !== undefined) this.#pool.give(this.#pooled);
    this.#pooled = undefined;
    this.#bytes = undefined;
    return views;
  }

  #countSource(source: Source | undefined, change: 1 | -1): void {
    if (source === undefined) return;
    const blocks = (this.#blocksBySource.get(source) ?? 0) + change;
    if (blocks > 0) this.#blocksBySource.set(source, blocks);
    else this.#blocksBySource.delete(source);
  }

  #setFree(block: number): void {
    this.#states[block] = FREE;
    this.#free += 1;
    this.#cursor = Math.min(this.#cursor, block);
  }
}
