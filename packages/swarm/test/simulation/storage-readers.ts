import { assertInvariant, type Demand } from "@riptide/core";
import type { TorrentRecord } from "../../src/engine/torrent-record.ts";
import type { SimulatedSwarm } from "./simulated-swarm.ts";

/** The most that one read takes. */
export const READ_BYTES = 64 * 1024;

interface Reader {
  offset: number;
  readonly windowBytes: number;
  /** What it wants in front of it, and what it waits for. */
  window: number | undefined;
  wait: { readonly demand: number; readonly piece: number } | undefined;
  isGone: boolean;
}

export interface StorageReadersOptions {
  readonly swarm: SimulatedSwarm;
  readonly record: TorrentRecord;
  /** What the disk takes for a read: time in which pieces may have to go. */
  readonly readMs: number;
  /** Keeps pieces from going while they are read. */
  readonly read: (first: number, last: number) => Disposable | undefined;
  /** Something is demanded otherwise, or read no longer. */
  readonly changed: () => void;
}

/**
 * Who reads a torrent of which not all can be kept. They demand and read as streams and piece providers do: each read takes
 * pieces that are there, keeps them for as long as it takes, and what is missing is waited for. Checks that what was read is still there.
 */
export class StorageReaders {
  readonly #options: StorageReadersOptions;
  readonly #readers = new Map<number, Reader>();

  constructor(options: StorageReadersOptions) {
    this.#options = options;
    options.record.watch({ pieceVerified: (piece) => this.#wake(piece), failed: () => undefined });
  }

  get ids(): number[] {
    return [...this.#readers.keys()];
  }

  /** How far it has come; everything between there and where it began has been read. */
  offset(id: number): number {
    return this.#readers.get(id)?.offset ?? 0;
  }

  /** Somebody begins to read there: a start or a seek. */
  read(id: number, offset: number, windowBytes: number): void {
    this.stop(id);
    const reader: Reader = { offset, windowBytes, window: undefined, wait: undefined, isGone: false };
    this.#readers.set(id, reader);
    this.#goOn(reader);
  }

  stop(id: number): void {
    const reader = this.#readers.get(id);
    if (reader === undefined) return;
    reader.isGone = true;
    this.#readers.delete(id);
    this.#stopWaiting(reader);
    this.#demandAhead(reader);
  }

  /** Asks for what comes next before it says what lies ahead. */
  #goOn(reader: Reader): void {
    const end = this.#runEnd(reader.offset);
    if (end > reader.offset) this.#readTo(reader, end);
    else if (end < this.#options.swarm.geometry.sizeBytes) this.#wait(reader);
    this.#demandAhead(reader);
  }

  /** Where what is there ends, or a read. */
  #runEnd(start: number): number {
    const { record } = this.#options;
    const { sizeBytes, pieceLengthBytes } = record.geometry;
    const maxEnd = Math.min(sizeBytes, start + READ_BYTES);
    let end = start;
    while (end < maxEnd && record.has(this.#pieceOf(end))) end = (this.#pieceOf(end) + 1) * pieceLengthBytes;
    return Math.min(end, maxEnd);
  }

  #readTo(reader: Reader, end: number): void {
    const { changed, swarm } = this.#options;
    const [first, last] = [this.#pieceOf(reader.offset), this.#pieceOf(end - 1)];
    const read = this.#options.read(first, last);
    swarm.clock.setTimer(this.#options.readMs, () => {
      for (let piece = first; piece <= last; piece += 1) {
        assertInvariant(swarm.stored.has(piece), `Piece ${piece} must not be given up while it is read`);
      }
      read?.[Symbol.dispose]();
      if (reader.isGone) return changed();
      reader.offset = end;
      this.#goOn(reader);
    });
  }

  #wait(reader: Reader): void {
    const demand = this.#demand({ ...reader, windowBytes: READ_BYTES }, "now");
    reader.wait = { demand, piece: this.#pieceOf(reader.offset) };
  }

  #wake(piece: number): void {
    for (const reader of this.#readers.values()) {
      if (reader.wait?.piece !== piece) continue;
      this.#stopWaiting(reader);
      this.#goOn(reader);
    }
  }

  #stopWaiting(reader: Reader): void {
    if (reader.wait === undefined) return;
    this.#options.record.setDemand(reader.wait.demand, null);
    reader.wait = undefined;
  }

  /** New before old, so that no byte that stays wanted is given up in between. */
  #demandAhead(reader: Reader): void {
    const { record, swarm, changed } = this.#options;
    const old = reader.window;
    const isAhead = !reader.isGone && reader.offset < swarm.geometry.sizeBytes;
    reader.window = isAhead ? this.#demand(reader, "soon") : undefined;
    if (old !== undefined) record.setDemand(old, null);
    changed();
  }

  #demand({ offset, windowBytes }: Pick<Reader, "offset" | "windowBytes">, urgency: Demand["urgency"]): number {
    const { record, swarm } = this.#options;
    const id = record.nextDemandId();
    const range = { start: offset, end: Math.min(swarm.geometry.sizeBytes, offset + windowBytes) };
    record.setDemand(id, { range, urgency });
    return id;
  }

  #pieceOf(offset: number): number {
    return Math.floor(offset / this.#options.record.geometry.pieceLengthBytes);
  }
}
