import type { ByteRange, Demand, StreamError } from "@riptide/core";
import { intersectRanges } from "@riptide/core";
import { hasBit, setBit } from "../../src/bits.ts";
import type { Checks, TorrentView, TorrentWatcher } from "../../src/provider/index.ts";
import type { TorrentGeometry } from "../../src/types.ts";

/** A torrent's mirror whose pieces are verified, and whose failures come, when a test says so. */
export class TestTorrentView implements TorrentView {
  readonly geometry: TorrentGeometry;
  failure: StreamError | undefined;
  readonly demands = new Map<number, Demand>();
  /** Pieces that are being read. */
  readonly reads = new Set<{ readonly first: number; readonly last: number }>();
  readonly watchers = new Set<TorrentWatcher>();
  /** All is known to be right unless a test says otherwise. */
  checks: Checks = { isDoubtful: () => false, check: async () => {}, doubt: () => {} };
  /** How often somebody asked whether a piece is there. */
  asked = 0;
  readonly #bits: Uint8Array;
  #lastDemandId = 0;

  constructor(geometry: TorrentGeometry) {
    this.geometry = geometry;
    this.#bits = new Uint8Array(new SharedArrayBuffer(Math.ceil(geometry.pieceCount / 8)));
  }

  has(piece: number): boolean {
    this.asked += 1;
    return hasBit(this.#bits, piece);
  }

  read(first: number, last: number): Disposable {
    const read = { first, last };
    this.reads.add(read);
    return { [Symbol.dispose]: () => void this.reads.delete(read) };
  }

  watch(watcher: TorrentWatcher): Disposable {
    this.watchers.add(watcher);
    return { [Symbol.dispose]: () => void this.watchers.delete(watcher) };
  }

  setDemand(id: number, demand: Demand | null): void {
    if (demand === null) this.demands.delete(id);
    else this.demands.set(id, demand);
  }

  nextDemandId(): number {
    this.#lastDemandId += 1;
    return this.#lastDemandId;
  }

  verify(piece: number): void {
    setBit(this.#bits, piece);
    for (const watcher of this.watchers) watcher.pieceVerified(piece);
  }

  /** Fails what waits; what is read later starts afresh. */
  failWaiting(error: StreamError): void {
    for (const watcher of this.watchers) watcher.failed(error);
  }

  /** What is demanded of one file, in bytes of that file. */
  demandsOf(file: { offsetBytes: number; lengthBytes: number }): (Demand & { range: ByteRange })[] {
    return [...this.demands.values()].flatMap((demand) => {
      const bounds = { start: file.offsetBytes, end: file.offsetBytes + file.lengthBytes };
      const inFile = intersectRanges(demand.range, bounds);
      if (inFile === undefined) return [];
      return [{ ...demand, range: { start: inFile.start - bounds.start, end: inFile.end - bounds.start } }];
    });
  }
}
