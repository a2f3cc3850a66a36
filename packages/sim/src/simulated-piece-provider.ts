import {
  type ByteRange,
  byteRange,
  type Clock,
  type Demand,
  intersectRanges,
  mergeRanges,
  type PieceProvider,
  type ReadOptions,
  rangeLength,
  type StreamError,
} from "@riptide/core";
import { type Arrivals, startArrivals } from "./arrivals.ts";
import { equalBytes } from "./equal-bytes.ts";

export interface SimulatedPieceProviderOptions {
  /** The whole file: what arriving pieces are checked against and cut from. It is not copied, so leave it as it is. */
  readonly bytes: Uint8Array;
  readonly pieceLengthBytes: number;
  /** Where the file begins in its torrent, whose pieces are counted from the torrent's start. Default 0. */
  readonly fileOffsetBytes?: number;
  readonly clock: Clock;
  /** When pieces come. Default: all of them are there from the start. */
  readonly arrivals?: Arrivals;
}

export interface SimulatedCounters {
  /** Payload that came in, also of pieces that are not whole yet. */
  readonly fetchedBytes: number;
  /** Payload of pieces that did not match the truth. */
  readonly wastedBytes: number;
  /** Bytes of this file that can be read now. */
  readonly availableBytes: number;
  /** Bytes handed to readers. */
  readonly readBytes: number;
  readonly demandsHeld: number;
  readonly readsWaiting: number;
}

/** A demand from its declaration to its withdrawal; `untilMs` is undefined while it is held. */
export interface DemandRecord extends Demand {
  readonly origin: "read" | "want";
  readonly sinceMs: number;
  readonly untilMs: number | undefined;
}

/** Demands remembered after their end; the oldest are forgotten first. */
const DEMAND_LOG_MAX = 10_000;

interface WaitingRead {
  readonly range: ByteRange;
  readonly resolve: (bytes: Uint8Array) => void;
  readonly reject: (reason: unknown) => void;
}

/** Creates a provider whose pieces come as `arrivals` says. Dispose it to stop what is still to come. */
export function createSimulatedPieceProvider(options: SimulatedPieceProviderOptions): SimulatedPieceProvider {
  return new SimulatedPieceProvider(options);
}

/** One file of a torrent without a network: time, arrival and failure are the test's to decide. */
export class SimulatedPieceProvider implements PieceProvider, Disposable {
  readonly sizeBytes: number;
  /** The torrent's pieces, `[start, end)`, that hold bytes of this file. */
  readonly pieces: { readonly start: number; readonly end: number };
  readonly #truth: Uint8Array;
  readonly #pieceLengthBytes: number;
  readonly #fileOffsetBytes: number;
  readonly #clock: Clock;
  readonly #have = new Set<number>();
  readonly #reads = new Set<WaitingRead>();
  readonly #demands = new Set<DemandRecord>();
  readonly #log: DemandRecord[] = [];
  readonly #listeners = new Set<() => void>();
  readonly #arrivals: Disposable;
  #fetchedBytes = 0;
  #wastedBytes = 0;
  #readBytes = 0;
  #closedBy: StreamError | undefined;

  constructor(options: SimulatedPieceProviderOptions) {
    this.#truth = options.bytes;
    this.#pieceLengthBytes = options.pieceLengthBytes;
    this.#fileOffsetBytes = options.fileOffsetBytes ?? 0;
    this.#clock = options.clock;
    this.sizeBytes = options.bytes.length;
    this.pieces = { start: this.pieceAt(0), end: this.sizeBytes === 0 ? 0 : this.pieceAt(this.sizeBytes - 1) + 1 };
    this.#arrivals = startArrivals(this, options.clock, options.arrivals ?? { kind: "complete" });
  }

  async readAt(offset: number, length: number, options: ReadOptions): Promise<Uint8Array> {
    checkOffset("offset", offset);
    checkOffset("length", length);
    options.signal.throwIfAborted();
    const range = intersectRanges({ start: offset, end: offset + length }, { start: 0, end: this.sizeBytes });
    if (range === undefined) return new Uint8Array(0);
    if (this.#closedBy !== undefined) throw this.#closedBy;
    return this.#take(range) ?? this.#wait(range, options);
  }

  available(range: ByteRange): ByteRange[] {
    const inFile = intersectRanges(range, { start: 0, end: this.sizeBytes });
    if (inFile === undefined) return [];
    const pieces: ByteRange[] = [];
    for (let piece = this.pieceAt(inFile.start); piece <= this.pieceAt(inFile.end - 1); piece += 1) {
      if (this.#have.has(piece)) pieces.push(this.rangeOfPiece(piece));
    }
    return mergeRanges(pieces).flatMap((part) => intersectRanges(part, inFile) ?? []);
  }

  want(demand: Demand): Disposable {
    const range = byteRange(demand.range.start, demand.range.end);
    return this.#hold({ ...demand, range, origin: "want" });
  }

  /** What is demanded right now, waiting reads included, in the order of declaration; cut at the end of the file. */
  demands(): DemandRecord[] {
    return [...this.#demands].flatMap((record) => {
      const range = intersectRanges(record.range, { start: 0, end: this.sizeBytes });
      return range === undefined ? [] : [{ ...record, range }];
    });
  }

  /** Every demand there has been, the latest last. */
  demandLog(): readonly DemandRecord[] {
    return this.#log.map((record) => ({ ...record }));
  }

  counters(): SimulatedCounters {
    const all = { start: 0, end: this.sizeBytes };
    return {
      fetchedBytes: this.#fetchedBytes,
      wastedBytes: this.#wastedBytes,
      availableBytes: this.available(all).reduce((sum, range) => sum + rangeLength(range), 0),
      readBytes: this.#readBytes,
      demandsHeld: this.#demands.size,
      readsWaiting: this.#reads.size,
    };
  }

  /** Calls `listener` after every change of what is demanded or available, until disposed. */
  onChange(listener: () => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => this.#listeners.delete(listener) };
  }

  /** The torrent's piece that holds the byte at `offset` of this file. */
  pieceAt(offset: number): number {
    return Math.floor((this.#fileOffsetBytes + offset) / this.#pieceLengthBytes);
  }

  hasPiece(piece: number): boolean {
    return this.#have.has(piece);
  }

  /** The bytes of the file that a piece of the torrent holds. Throws `RangeError` if it holds none. */
  rangeOfPiece(piece: number): ByteRange {
    const start = piece * this.#pieceLengthBytes - this.#fileOffsetBytes;
    const range = intersectRanges({ start, end: start + this.#pieceLengthBytes }, { start: 0, end: this.sizeBytes });
    if (range === undefined) throw new RangeError(`Piece ${piece} holds no byte of this file`);
    return range;
  }

  /** Lets a piece arrive as it should be. `fetchedBytes` is what came in just now, if parts of it were counted before. */
  deliver(piece: number, fetchedBytes = rangeLength(this.rangeOfPiece(piece))): void {
    this.countFetched(fetchedBytes);
    this.#accept(piece);
  }

  /** Lets a piece arrive with one wrong bit: it is found out and thrown away. */
  deliverCorrupt(piece: number, fetchedBytes = rangeLength(this.rangeOfPiece(piece))): void {
    this.countFetched(fetchedBytes);
    const bytes = this.#truthOf(piece).slice();
    bytes[0] = bytes[0]! ^ 1;
    this.receive(piece, bytes);
  }

  /** Counts payload that came in for a piece that is not whole yet. */
  countFetched(lengthBytes: number): void {
    this.#fetchedBytes += lengthBytes;
  }

  /** Takes the file's part of a piece if these are its bytes, and says whether they are. */
  receive(piece: number, bytes: Uint8Array): boolean {
    const isTrue = equalBytes(bytes, this.#truthOf(piece));
    if (isTrue) this.#accept(piece);
    else this.#wastedBytes += bytes.length;
    return isTrue;
  }

  /** Tells every waiting read why it waits in vain. Later reads start afresh. */
  fail(error: StreamError): void {
    for (const read of this.#reads) read.reject(error);
  }

  /** Fails what waits and everything that is read from now on, as when the torrent is removed. */
  close(error: StreamError): void {
    this.#closedBy = error;
    this.fail(error);
    this[Symbol.dispose]();
  }

  [Symbol.dispose](): void {
    this.#arrivals[Symbol.dispose]();
  }

  #truthOf(piece: number): Uint8Array {
    const { start, end } = this.rangeOfPiece(piece);
    return this.#truth.subarray(start, end);
  }

  #accept(piece: number): void {
    this.#have.add(piece);
    for (const read of this.#reads) {
      const taken = this.#take(read.range);
      if (taken !== undefined) read.resolve(taken);
    }
    this.#changed();
  }

  /** A copy of the range up to its first missing byte, or undefined if that is its very first. */
  #take(range: ByteRange): Uint8Array | undefined {
    const [first] = this.available(range);
    if (first === undefined || first.start !== range.start) return undefined;
    this.#readBytes += rangeLength(first);
    return this.#truth.slice(first.start, first.end);
  }

  #wait(range: ByteRange, { signal, urgency }: ReadOptions): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      const demand = this.#hold({ range, urgency: urgency ?? "now", origin: "read" });
      const end = (): void => {
        this.#reads.delete(read);
        signal.removeEventListener("abort", abort);
        demand[Symbol.dispose]();
      };
      const read: WaitingRead = {
        range,
        resolve: (bytes) => {
          end();
          resolve(bytes);
        },
        reject: (reason) => {
          end();
          reject(reason);
        },
      };
      const abort = (): void => read.reject(signal.reason);
      signal.addEventListener("abort", abort, { once: true });
      this.#reads.add(read);
    });
  }

  #hold(demand: Demand & { origin: "read" | "want" }): Disposable {
    const record = { ...demand, sinceMs: this.#clock.nowMs(), untilMs: undefined as number | undefined };
    this.#demands.add(record);
    this.#log.push(record);
    if (this.#log.length > DEMAND_LOG_MAX) this.#log.shift();
    this.#changed();
    return {
      [Symbol.dispose]: () => {
        if (!this.#demands.delete(record)) return;
        record.untilMs = this.#clock.nowMs();
        this.#changed();
      },
    };
  }

  #changed(): void {
    for (const listener of this.#listeners) listener();
  }
}

function checkOffset(name: string, value: number): void {
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new RangeError(`A read needs a whole, non-negative ${name}, not ${value}`);
  }
}
