import type { BlockRequest } from "../types.ts";
import type { BlockGrid } from "./block-grid.ts";
import type { DownloaderOutput, PeerKey } from "./downloader-types.ts";

/** What one peer is about to be told. */
interface Batch {
  readonly requests: Set<number>;
  readonly cancels: Set<number>;
}

/**
 * Collects what one input call decides and delivers it at its end, when the state is whole: listeners may call back.
 * A request that is taken back before it was sent is never sent.
 */
export class Outbox {
  readonly #output: DownloaderOutput;
  readonly #grid: BlockGrid;
  readonly #batches = new Map<PeerKey, Batch>();
  readonly #events: (() => void)[] = [];
  #isFlushing = false;

  constructor(output: DownloaderOutput, grid: BlockGrid) {
    this.#output = output;
    this.#grid = grid;
  }

  request(peer: PeerKey, key: number): void {
    this.#batch(peer).requests.add(key);
  }

  /** True if the request has been sent and must be cancelled, false if it was still here. */
  cancel(peer: PeerKey, key: number): boolean {
    const batch = this.#batch(peer);
    if (batch.requests.delete(key)) return false;
    batch.cancels.add(key);
    return true;
  }

  /** The request is given up without a CANCEL. True if it has been sent. */
  withdraw(peer: PeerKey, key: number): boolean {
    return this.#batches.get(peer)?.requests.delete(key) !== true;
  }

  /** Nothing more for this peer. */
  forget(peer: PeerKey): void {
    this.#batches.delete(peer);
  }

  verified(piece: number, bytes: Uint8Array): void {
    this.#events.push(() => this.#output.pieceVerified(piece, bytes));
  }

  failed(piece: number): void {
    this.#events.push(() => this.#output.pieceFailed(piece));
  }

  ban(peer: PeerKey, host: string, reason: string): void {
    this.#events.push(() => this.#output.ban(peer, host, reason));
  }

  /** At once: the buffer may be written to before the input call ends. */
  released(view: Uint8Array): void {
    this.#output.bufferReleased(view);
  }

  /** Delivers everything, also what listeners cause by calling back. */
  flush(): void {
    if (this.#isFlushing) return;
    this.#isFlushing = true;
    try {
      while (this.#batches.size > 0 || this.#events.length > 0) {
        for (const [peer, { requests, cancels }] of this.#batches) {
          this.#batches.delete(peer);
          if (cancels.size > 0) this.#output.cancel(peer, this.#blocks(cancels));
          if (requests.size > 0) this.#output.request(peer, this.#blocks(requests));
        }
        this.#events.shift()?.();
      }
    } finally {
      this.#isFlushing = false;
    }
  }

  #batch(peer: PeerKey): Batch {
    let batch = this.#batches.get(peer);
    if (batch === undefined) {
      batch = { requests: new Set(), cancels: new Set() };
      this.#batches.set(peer, batch);
    }
    return batch;
  }

  #blocks(keys: Iterable<number>): BlockRequest[] {
    const blocks: BlockRequest[] = [];
    for (const key of keys) blocks.push(this.#grid.requestOf(key));
    return blocks;
  }
}
