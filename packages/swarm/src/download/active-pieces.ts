import { pieceLength } from "../types.ts";
import type { BlockGrid } from "./block-grid.ts";
import { BufferPool } from "./buffer-pool.ts";
import type { DeadlineOrder } from "./deadline-order.ts";
import type { PieceHash } from "./downloader-types.ts";
import { PieceAssembly } from "./piece-assembly.ts";
import type { PieceMemory } from "./piece-memory.ts";
import type { BadCopy } from "./trial.ts";

/** The pieces that are being put together, and the bad copies kept of them: together within the pool's capacity. */
export class ActivePieces implements Disposable {
  readonly #grid: BlockGrid;
  readonly #hash: ((piece: number) => PieceHash) | undefined;
  readonly #pool: BufferPool;
  readonly #assemblies = new Map<number, PieceAssembly>();
  #opened = 0;

  constructor(
    grid: BlockGrid,
    { hash, memory }: { hash?: ((piece: number) => PieceHash) | undefined; memory?: PieceMemory | undefined } = {},
  ) {
    this.#grid = grid;
    this.#hash = hash;
    this.#pool = new BufferPool(grid.geometry.pieceLengthBytes, memory);
  }

  /** The torrent is gone: what its pieces hold is free for others. */
  [Symbol.dispose](): void {
    this.#pool[Symbol.dispose]();
  }

  get size(): number {
    return this.#assemblies.size;
  }

  get bufferBytes(): number {
    return this.#pool.bytes;
  }

  /** Pieces and copies that fit, unless other torrents have the memory for some of them. */
  get capacity(): number {
    return this.#pool.capacity;
  }

  /** There is no memory for one more piece or copy. */
  get isFull(): boolean {
    return this.#pool.isFull;
  }

  get(piece: number): PieceAssembly | undefined {
    return this.#assemblies.get(piece);
  }

  values(): Iterable<PieceAssembly> {
    return this.#assemblies.values();
  }

  /** Blocks of the piece that may be asked for, also if it has not been opened. */
  freeBlocks(piece: number): number {
    return this.#assemblies.get(piece)?.freeBlocks ?? this.#grid.blockCount(piece);
  }

  /** How many of the pieces have blocks that may be asked for. O(pieces). */
  get unfilled(): number {
    let count = 0;
    for (const { freeBlocks } of this.#assemblies.values()) if (freeBlocks > 0) count += 1;
    return count;
  }

  open(piece: number): PieceAssembly {
    this.#pool.reserve();
    const assembly = new PieceAssembly({
      piece,
      lengthBytes: pieceLength(this.#grid.geometry, piece),
      openedOrder: this.#opened++,
      pool: this.#pool,
      hash: this.#hash?.(piece),
    });
    this.#assemblies.set(piece, assembly);
    return assembly;
  }

  /** Ends the assembly; returns the views that wires are still writing into. Nobody may owe it blocks any more. */
  close(assembly: PieceAssembly): Uint8Array[] {
    this.dropCopies(assembly);
    this.#assemblies.delete(assembly.piece);
    const views = assembly.close();
    this.#pool.release();
    return views;
  }

  /** A copy of the piece as it is. The caller has seen to it that there is room. */
  copy(assembly: PieceAssembly): BadCopy {
    this.#pool.reserve();
    const buffer = this.#pool.take();
    buffer.set(assembly.bytes());
    return { buffer, sources: [...assembly.sources] };
  }

  /** Ends the piece's investigation. */
  dropCopies(assembly: PieceAssembly): void {
    for (const copy of assembly.investigation?.badCopies ?? []) {
      this.#pool.give(copy.buffer);
      this.#pool.release();
    }
    assembly.investigation = undefined;
  }

  /**
   * Which piece to give up for one that is due at `dueMs`: one that nobody wants, the oldest of them first, or the
   * least urgent of those that are due later. Undefined if all are at least as urgent.
   */
  leastUrgent(order: DeadlineOrder, dueMs: number): PieceAssembly | undefined {
    let victim: PieceAssembly | undefined;
    let victimDueMs = dueMs;
    for (const assembly of this.#assemblies.values()) {
      if (assembly.phase === "storing") continue;
      const candidateDueMs = order.dueMs(assembly.piece) ?? Number.POSITIVE_INFINITY;
      // Assemblies come in the order they were opened: among equals the first one found is the oldest.
      if (candidateDueMs > victimDueMs) {
        victim = assembly;
        victimDueMs = candidateDueMs;
      }
    }
    return victim;
  }
}
