import type { Demand } from "@riptide/core";
import { bitsByteLength, clearBit, hasBit, setBit } from "../../src/bits.ts";
import { DemandPlans } from "../../src/download/index.ts";
import { DiskBudget } from "../../src/engine/disk-budget.ts";
import { TorrentRecord } from "../../src/engine/torrent-record.ts";
import type { Metainfo } from "../../src/metainfo/index.ts";
import { pieceLength, type TorrentGeometry } from "../../src/types.ts";
import { BudgetChecks } from "./budget-checks.ts";
import type { SimulatedSwarm } from "./simulated-swarm.ts";
import { StorageReaders } from "./storage-readers.ts";

/** A message from one thread to the other, and a read of a few blocks. */
const MESSAGE_MS = 1;
const READ_MS = 4;
/** As the session tells its figures, if they changed. */
const FIGURES_MS = 500;
/** What the disk is asked is answered between two of these: promises settle only while no time passes. */
const SLICE_MS = 100;

export interface SimulatedDisk {
  readonly maxBytes: number;
  /** How long it takes to give pieces back. */
  readonly evictMs: number;
  /** How long a read takes. */
  readonly readMs?: number;
  /** How long one thread does not hear the other. */
  readonly messageMs?: number;
  /** So many films of about the same length; one unless given. */
  readonly fileCount?: number;
  /** What others leave to the torrent on the disk; all that it wants unless given. */
  readonly leftBytes?: (nowMs: number) => number;
}

/**
 * The storage policy of the engine over a simulated swarm: the real mirror of its torrent and the real disk budget. What
 * the two threads tell each other takes a moment, and so does giving pieces back. Checks each eviction, and what is kept.
 */
export class SimulatedStorage {
  readonly record: TorrentRecord;
  readonly readers: StorageReaders;
  /** Of all pieces, also of those that came again. */
  storedBytes = 0;
  maxKeptBytes = 0;
  /** So often nothing at all could be fetched until something was gone. */
  holdUps = 0;
  readonly #swarm: SimulatedSwarm;
  readonly #disk: SimulatedDisk;
  /** Shared by both threads. */
  readonly #verified: Uint8Array;
  readonly #budget: DiskBudget;
  readonly #checks: BudgetChecks;
  readonly #plans: DemandPlans;
  /** Until their bytes are given back, also those that the session has given up. */
  readonly #onDisk: Set<number>;
  /** What the session was told. */
  readonly #demands = new Set<number>();
  /** What somebody demands. */
  readonly #held = new Map<number, readonly number[]>();
  #lastFigures = "";

  constructor(swarm: SimulatedSwarm, disk: SimulatedDisk) {
    const { clock, geometry } = swarm;
    this.#swarm = swarm;
    this.#disk = disk;
    this.#plans = new DemandPlans(geometry, (piece) => swarm.stored.has(piece));
    const verified = new SharedArrayBuffer(bitsByteLength(geometry.pieceCount));
    this.#verified = new Uint8Array(verified);
    for (const piece of swarm.stored.keys()) setBit(this.#verified, piece);
    this.#onDisk = new Set(swarm.stored.keys());
    const metainfo = metainfoOf(geometry, disk.fileCount ?? 1);
    this.record = this.#createRecord(metainfo);
    this.record.ready(metainfo, verified);
    this.#checks = new BudgetChecks(this.record, { ...disk, clock, answerMs: 2 * this.#messageMs + disk.evictMs });
    this.#budget = new DiskBudget({
      maxBytes: disk.maxBytes,
      freeBytes: async () => {
        const freeBytes = this.#freeBytes();
        this.#checks.asked(freeBytes, this.#diskBytes);
        return freeBytes;
      },
      clock,
      torrents: () => [this.record],
      evict: (_infoHash, pieces) => this.#evict(pieces),
    });
    this.readers = new StorageReaders({
      swarm,
      record: this.record,
      readMs: disk.readMs ?? READ_MS,
      read: (first, last) => this.read(first, last),
      changed: () => this.#checks.look(),
    });
    swarm.onStored((piece) => this.#stored(piece));
    this.#tellFigures();
  }

  get keptBytes(): number {
    return this.record.pieces?.keptBytes ?? 0;
  }

  get #messageMs(): number {
    return this.#disk.messageMs ?? MESSAGE_MS;
  }

  /** Keeps pieces that are there from going while they are read. */
  read(first: number, last: number): Disposable | undefined {
    this.#checks.used(first, last);
    return this.record.read(first, last);
  }

  /** Replaces what somebody demands, new before old. */
  setDemands(reader: number, demands: readonly Demand[]): void {
    const old = this.#held.get(reader) ?? [];
    const ids = demands.map((demand) => {
      const id = this.record.nextDemandId();
      this.record.setDemand(id, demand);
      return id;
    });
    this.#held.set(reader, ids);
    for (const id of old) this.record.setDemand(id, null);
    this.#checks.look();
  }

  /** Whether the disk has room for the piece. */
  hasRoomFor(piece: number): boolean {
    return this.#freeBytes() >= pieceLength(this.#swarm.geometry, piece);
  }

  /** True once it is done; false after `limitMs` more. */
  async runUntil(isDone: () => boolean, limitMs: number): Promise<boolean> {
    const endMs = this.#swarm.nowMs + limitMs;
    while (this.#swarm.nowMs < endMs) {
      if (this.#swarm.runUntil(isDone, Math.min(SLICE_MS, endMs - this.#swarm.nowMs))) return true;
      await new Promise((resolve) => setImmediate(resolve));
      this.#checks.answered();
    }
    return isDone();
  }

  /** What is wrong when nobody has read anything for a while. */
  idleFailure(): string | undefined {
    const { demandedRanges, pieces } = this.record;
    const { stored, geometry } = this.#swarm;
    if (demandedRanges.length > 0) return `Nobody reads any more, but ${demandedRanges.length} demands are left`;
    if (this.#demands.size > 0) return `Nobody reads any more, but the session knows of ${this.#demands.size} demands`;
    const storedBytes = bytesOf(geometry, stored.keys());
    if (storedBytes !== this.keptBytes) return `${storedBytes} bytes are kept, but ${this.keptBytes} are counted`;
    if (pieces?.evictingBytes !== 0) return `${pieces?.evictingBytes} bytes are still about to be evicted`;
    const { maxBytes } = this.#disk;
    return storedBytes > maxBytes
      ? `Nobody reads any more, but ${storedBytes} bytes are kept, not ${maxBytes}`
      : undefined;
  }

  #createRecord(metainfo: Metainfo): TorrentRecord {
    return new TorrentRecord({
      infoHash: metainfo.infoHash,
      displayName: undefined,
      trackers: [],
      peers: [],
      metainfo,
      addedAtMs: 0,
      clock: this.#swarm.clock,
      demandChanged: (id, demand) => {
        if (demand !== undefined) this.#checks.told(demand);
        this.#send(() => this.#setDemand(id, demand));
        this.#budget.changed();
      },
      admit: (demand) => this.#budget.admit(demand),
      check: () => undefined,
      awaitedChanged: () => undefined,
    });
  }

  get #diskBytes(): number {
    return bytesOf(this.#swarm.geometry, this.#onDisk);
  }

  #freeBytes(): number {
    const { leftBytes } = this.#disk;
    return leftBytes === undefined
      ? Number.POSITIVE_INFINITY
      : Math.max(0, leftBytes(this.#swarm.nowMs) - this.#diskBytes);
  }

  /** From one thread to the other, in order. */
  #send(arrive: () => void): void {
    this.#swarm.clock.setTimer(this.#messageMs, arrive);
  }

  /** The session hears of a demand. */
  #setDemand(id: number, demand: Demand | undefined): void {
    const { downloader, nowMs } = this.#swarm;
    if (demand === undefined) this.#demands.delete(id);
    else this.#demands.add(id);
    downloader.setDeadlines(id, this.#plans.set(id, demand, nowMs), nowMs);
  }

  /** The session has stored a piece. */
  #stored(piece: number): void {
    setBit(this.#verified, piece);
    this.#onDisk.add(piece);
    this.#send(() => {
      this.#budget.changed();
      // Whoever waits for it reads it in this moment.
      this.#checks.came(piece);
      this.record.pieceVerified(piece);
      this.#checks.look();
      this.storedBytes += pieceLength(this.#swarm.geometry, piece);
      this.maxKeptBytes = Math.max(this.maxKeptBytes, this.keptBytes);
    });
  }

  #evict(pieces: readonly number[]): void {
    this.#checks.planned(pieces);
    this.#send(() => {
      if (this.#budget.admit({ range: { start: 0, end: 1 }, urgency: "now" }) === null) this.holdUps += 1;
      for (const piece of pieces) {
        if (!hasBit(this.#verified, piece)) continue;
        clearBit(this.#verified, piece);
        this.#swarm.giveUp(piece);
      }
      this.#swarm.clock.setTimer(this.#disk.evictMs, () => this.#givenBack(pieces));
    });
  }

  /** The disk has given them back, but for those that came again. */
  #givenBack(pieces: readonly number[]): void {
    for (const piece of pieces) if (!this.#swarm.stored.has(piece)) this.#onDisk.delete(piece);
    this.#send(() => this.#evicted(pieces));
  }

  #evicted(pieces: readonly number[]): void {
    this.#budget.changed();
    this.record.evicted(pieces);
    this.#checks.look();
  }

  #tellFigures(): void {
    const { downloader, connections, clock } = this.#swarm;
    const figures = `${downloader.stats.downloadedBytes} ${connections.size}`;
    if (figures !== this.#lastFigures) this.#send(() => this.#budget.changed());
    this.#lastFigures = figures;
    clock.setTimer(FIGURES_MS, () => this.#tellFigures());
  }
}

function bytesOf(geometry: TorrentGeometry, pieces: Iterable<number>): number {
  let bytes = 0;
  for (const piece of pieces) bytes += pieceLength(geometry, piece);
  return bytes;
}

function metainfoOf(geometry: TorrentGeometry, fileCount: number): Metainfo {
  const ends = Array.from({ length: fileCount + 1 }, (_, index) =>
    Math.floor((geometry.sizeBytes * index) / fileCount),
  );
  return {
    ...geometry,
    infoHash: "ab".repeat(20),
    infoBytes: new Uint8Array(),
    name: "films",
    pieceHashes: new Uint8Array(),
    files: ends.slice(1).map((end, index) => {
      const offsetBytes = ends[index] ?? 0;
      const path = [`${index}.mkv`];
      return { index, path, diskPath: path, offsetBytes, lengthBytes: end - offsetBytes, isPadding: false };
    }),
    hasFolder: true,
    isPrivate: false,
    trackers: [],
    webSeeds: [],
  };
}
