import { type Clock, rangeLength } from "@riptide/core";
import { mostUrgentPiece } from "./most-urgent-piece.ts";
import type { SimulatedPieceProvider } from "./simulated-piece-provider.ts";

export interface SimulatedSwarmOptions {
  /** What all peers together send. */
  readonly bytesPerSecond: number;
  /** From a request to the first byte of its answer. */
  readonly latencyMs: number;
  /** Pieces whose first arrival is corrupt; they are asked for again. */
  readonly corruptPieces?: readonly number[];
}

/** Unit of a request (BEP 3: "All current implementations use 2^14 (16 kiB)"). */
const BLOCK_LENGTH_BYTES = 16 * 1024;

/** Blocks of one piece that were asked for and that have come. */
interface PieceProgress {
  requestedBytes: number;
  arrivedBytes: number;
}

/**
 * Serves a provider like a swarm of peers behind one link. Requests leave at the pace of the link, so it is always busy
 * and never overbooked, and each is the most urgent one at that moment: a change of mind costs one latency, no more.
 */
export function startSimulatedSwarm(
  provider: SimulatedPieceProvider,
  clock: Clock,
  options: SimulatedSwarmOptions,
): Disposable {
  return new SimulatedSwarm(provider, clock, options);
}

class SimulatedSwarm implements Disposable {
  readonly #provider: SimulatedPieceProvider;
  readonly #clock: Clock;
  readonly #options: SimulatedSwarmOptions;
  readonly #progress = new Map<number, PieceProgress>();
  readonly #corruptPieces: Set<number>;
  readonly #arrivals = new Set<Disposable>();
  readonly #subscription: Disposable;
  #nextRequest: Disposable | undefined;

  constructor(provider: SimulatedPieceProvider, clock: Clock, options: SimulatedSwarmOptions) {
    this.#provider = provider;
    this.#clock = clock;
    this.#options = options;
    this.#corruptPieces = new Set(options.corruptPieces);
    this.#subscription = provider.onChange(() => this.#wake());
  }

  [Symbol.dispose](): void {
    this.#subscription[Symbol.dispose]();
    this.#nextRequest?.[Symbol.dispose]();
    for (const arrival of this.#arrivals) arrival[Symbol.dispose]();
  }

  /** Asks for a block as soon as whoever changed the demands is done, unless the link is busy already. */
  #wake(): void {
    this.#nextRequest ??= this.#clock.setTimer(0, () => this.#request());
  }

  #request(): void {
    this.#nextRequest = undefined;
    const piece = mostUrgentPiece(
      this.#provider.demands(),
      (offset) => this.#provider.pieceAt(offset),
      (each) => this.#isOpen(each),
    );
    if (piece === undefined) return;
    const progress = this.#progress.get(piece) ?? { requestedBytes: 0, arrivedBytes: 0 };
    this.#progress.set(piece, progress);
    const lengthBytes = Math.min(BLOCK_LENGTH_BYTES, this.#lengthOf(piece) - progress.requestedBytes);
    progress.requestedBytes += lengthBytes;
    const durationMs = (lengthBytes / this.#options.bytesPerSecond) * 1000;
    const arrival = this.#clock.setTimer(this.#options.latencyMs + durationMs, () => {
      this.#arrivals.delete(arrival);
      this.#arrive(piece, lengthBytes);
    });
    this.#arrivals.add(arrival);
    this.#nextRequest = this.#clock.setTimer(durationMs, () => this.#request());
  }

  #isOpen(piece: number): boolean {
    const requestedBytes = this.#progress.get(piece)?.requestedBytes ?? 0;
    return !this.#provider.hasPiece(piece) && requestedBytes < this.#lengthOf(piece);
  }

  #arrive(piece: number, lengthBytes: number): void {
    const progress = this.#progress.get(piece)!;
    progress.arrivedBytes += lengthBytes;
    if (progress.arrivedBytes < this.#lengthOf(piece)) {
      this.#provider.countFetched(lengthBytes);
      return;
    }
    this.#progress.delete(piece);
    if (this.#corruptPieces.delete(piece)) this.#provider.deliverCorrupt(piece, lengthBytes);
    else this.#provider.deliver(piece, lengthBytes);
    this.#wake();
  }

  #lengthOf(piece: number): number {
    return rangeLength(this.#provider.rangeOfPiece(piece));
  }
}
