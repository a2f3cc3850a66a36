import type { BlockRequest } from "../../src/types.ts";
import type { VirtualTime } from "./virtual-time.ts";

/** How a simulated peer behaves. Without options: it has everything, answers in order, and rejects as BEP 6 demands. */
export interface SeedOptions {
  /** Infinity = at once. */
  readonly bytesPerSecond: number;
  /** One way. */
  readonly latencyMs?: number;
  /** Default: a host of its own. */
  readonly host?: string;
  /** Takes requests and never answers. */
  readonly isBlackhole?: boolean;
  /** Answers no more once it has sent this much. */
  readonly stallsAfterBytes?: number;
  /** Sends wrong bytes for these blocks. */
  readonly poisons?: (block: BlockRequest) => boolean;
  /** Pieces it says it has. */
  readonly has?: (piece: number) => boolean;
  /** Pieces it says it has and does not: requests for them get no answer. */
  readonly liesAbout?: (piece: number) => boolean;
  /** Sends no rejects: not when it chokes, not for cancelled requests. */
  readonly neverRejects?: boolean;
  /** Chokes and unchokes at these times. */
  readonly chokes?: readonly { readonly fromMs: number; readonly toMs: number; readonly stillSends?: number }[];
  /** Drops requests beyond this many. */
  readonly queueLimit?: number;
  /** When its connection is made; three round trips later it unchokes us. */
  readonly joinsAtMs?: number;
  readonly leavesAtMs?: number;
}

/** What a simulated seed sends; the swarm hands it to the downloader after the latency. */
export interface SeedListener {
  unchoked(): void;
  choked(): void;
  rejected(block: BlockRequest): void;
  /** The first byte of a block arrives now; `delivered` follows with its last. */
  delivering(block: BlockRequest): void;
  delivered(isPoisoned: boolean): void;
}

/** The far end of one connection, in virtual time. Modelled after the scripted seeds of the prototype. */
export class SimulatedSeed {
  readonly options: SeedOptions;
  sentBytes = 0;
  receivedRequests = 0;
  readonly #time: VirtualTime;
  readonly #listener: SeedListener;
  readonly #queue: BlockRequest[] = [];
  #isSending = false;
  #isChoking = true;
  #isClosed = false;

  constructor(options: SeedOptions, time: VirtualTime, listener: SeedListener) {
    this.options = options;
    this.#time = time;
    this.#listener = listener;
    for (const { fromMs, toMs, stillSends = 0 } of options.chokes ?? []) {
      time.at(fromMs, () => this.#choke(stillSends));
      time.at(toMs, () => this.unchoke());
    }
  }

  get latencyMs(): number {
    return this.options.latencyMs ?? 0;
  }

  get roundTripMs(): number {
    return 2 * this.latencyMs;
  }

  close(): void {
    this.#isClosed = true;
    this.#queue.length = 0;
  }

  unchoke(): void {
    this.#isChoking = false;
    this.#tell(() => this.#listener.unchoked());
  }

  request(blocks: readonly BlockRequest[]): void {
    this.#time.after(this.latencyMs, () => {
      for (const block of blocks) this.#take(block);
      this.#send();
    });
  }

  cancel(blocks: readonly BlockRequest[]): void {
    this.#time.after(this.latencyMs, () => {
      for (const { piece, offset } of blocks) {
        const index = this.#queue.findIndex((queued) => queued.piece === piece && queued.offset === offset);
        if (index >= 0) for (const block of this.#queue.splice(index, 1)) this.#reject(block);
      }
    });
  }

  #take(block: BlockRequest): void {
    this.receivedRequests += 1;
    if (this.#isClosed) return;
    if (this.#isChoking) {
      this.#reject(block);
    } else if (this.#queue.length < (this.options.queueLimit ?? Number.POSITIVE_INFINITY)) {
      if (this.options.liesAbout?.(block.piece) !== true) this.#queue.push(block);
    }
  }

  #send(): void {
    const { bytesPerSecond, isBlackhole, poisons, stallsAfterBytes = Number.POSITIVE_INFINITY } = this.options;
    if (this.#isSending || this.#isClosed || isBlackhole === true || this.sentBytes >= stallsAfterBytes) return;
    const block = this.#queue.shift();
    if (block === undefined) return;
    this.#isSending = true;
    this.#tell(() => this.#listener.delivering(block));
    this.#time.after((block.length / bytesPerSecond) * 1000, () => {
      this.#isSending = false;
      if (this.#isClosed) return;
      this.sentBytes += block.length;
      this.#tell(() => this.#listener.delivered(poisons?.(block) === true));
      this.#send();
    });
  }

  #choke(stillSends: number): void {
    if (this.#isClosed) return;
    this.#isChoking = true;
    for (const block of this.#queue.splice(stillSends)) this.#reject(block);
    this.#tell(() => this.#listener.choked());
  }

  #reject(block: BlockRequest): void {
    if (this.options.neverRejects !== true) this.#tell(() => this.#listener.rejected(block));
  }

  #tell(message: () => void): void {
    this.#time.after(this.latencyMs, () => {
      if (!this.#isClosed) message();
    });
  }
}
