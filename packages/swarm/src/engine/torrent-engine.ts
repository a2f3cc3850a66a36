import { join } from "node:path";
import {
  abortable,
  assertInvariant,
  type EngineEvent,
  type EngineHealth,
  type EngineStatistics,
  type FileMap,
  type OpenedFile,
  StreamError,
  type TorrentSource,
  type TorrentStatus,
} from "@riptide/core";
import { parseInfoDictionary, parseTorrentFile } from "../metainfo/index.ts";
import { Network } from "../network/network.ts";
import { createPieceProvider } from "../provider/index.ts";
import type { SessionCommand, SessionEvent, TorrentOrder } from "../session/protocol.ts";
import { freeSpaceBytes, type Library, openReadOnly } from "../storage/index.ts";
import type { PeerAddress } from "../types.ts";
import { DiskBudget } from "./disk-budget.ts";
import { fileNotFound, sessionUnavailable, shuttingDown, torrentNotFound, torrentRemoved } from "./engine-errors.ts";
import { FileProviders } from "./file-providers.ts";
import { FolderWatch } from "./folder-watch.ts";
import { KeyedQueue } from "./keyed-queue.ts";
import { libraryNotes, type TorrentNotes } from "./library-notes.ts";
import { type RecordSource, restoreRecord } from "./restore-record.ts";
import type { RiptideTorrentEngine, TorrentEngineOptions } from "./riptide-torrent-engine.ts";
import { logLineOf } from "./session-log.ts";
import { SessionSupervisor } from "./session-supervisor.ts";
import { type Intake, takeIn } from "./source-intake.ts";
import { withStallGuard } from "./stall-guard.ts";
import { Statistics } from "./statistics.ts";
import { storedForm, torrentOrder } from "./torrent-order.ts";
import { TorrentRecord } from "./torrent-record.ts";

/** A read that waits fails when nothing at all has arrived for this long: a person has long given up by then. */
const STALL_LIMIT_MS = 30_000;

/**
 * The torrents of a library, and their session in a worker thread. When the session dies it is started again with the same torrents and
 * demands, and open streams go on.
 */
export class ThreadedTorrentEngine implements RiptideTorrentEngine {
  readonly notes: TorrentNotes;
  readonly #options: TorrentEngineOptions;
  readonly #library: Library;
  readonly #network: Network;
  readonly #supervisor: SessionSupervisor;
  readonly #records = new Map<string, TorrentRecord>();
  readonly #seedPaths = new Map<string, readonly string[]>();
  readonly #providers = new FileProviders();
  readonly #budget: DiskBudget | undefined;
  /** A torrent that is added while it is being removed comes after that, and so on. */
  readonly #changes = new KeyedQueue();
  readonly #listeners = new Set<(event: EngineEvent) => void>();
  readonly #statistics = new Statistics();
  readonly #folder: FolderWatch;
  #closing: Promise<void> | undefined;

  constructor(options: TorrentEngineOptions, library: Library) {
    this.#options = options;
    this.#library = library;
    this.#network = new Network(options.settings.network ?? {});
    this.notes = libraryNotes(library, (message, error) => options.log?.(message, error));
    this.#budget = options.maxDiskBytes === undefined ? undefined : this.#createBudget(options.maxDiskBytes);
    for (const stored of library.torrents()) {
      const record = restoreRecord(stored, (source) => this.#createRecord(source, stored.addedAtMs));
      this.#records.set(stored.infoHash, record);
    }
    this.#supervisor = new SessionSupervisor({
      settings: options.settings,
      clock: options.clock,
      startThread: options.startThread,
      briefing: () => this.#briefing(),
      event: (event) => this.#handle(event),
      died: (cause) => this.#sessionDied(cause),
      healthChanged: () => this.#tellHealth(),
    });
    this.#folder = new FolderWatch({
      clock: options.clock,
      isHeld: () => library.isHeld(),
      changed: () => this.#folderChanged(),
    });
    this.#supervisor.start();
  }

  async add(
    source: TorrentSource,
    { signal, isLocal = false }: { signal: AbortSignal; isLocal?: boolean },
  ): Promise<TorrentStatus> {
    const { clock } = this.#options;
    const intake = await takeIn(source, { network: this.#network, clock, signal, isLocal });
    signal.throwIfAborted();
    return await abortable(
      this.#changes.run(intake.infoHash, () => this.#add(intake)),
      signal,
    );
  }

  share(torrentFile: Uint8Array, paths: readonly string[]): TorrentStatus {
    const metainfo = parseTorrentFile(torrentFile);
    const { infoHash, name: displayName, trackers } = metainfo;
    assertInvariant(!this.#records.has(infoHash), "A torrent that the engine has cannot be shared from elsewhere");
    this.#seedPaths.set(infoHash, paths);
    const source = { infoHash, displayName, trackers, peers: [], webSeeds: [], isLocal: true, metainfo };
    return this.#list(this.#createRecord(source, Date.now()));
  }

  list(): readonly TorrentStatus[] {
    return [...this.#records.values()].map((record) => record.status());
  }

  get(infoHash: string): TorrentStatus | undefined {
    return this.#records.get(infoHash)?.status();
  }

  async remove(infoHash: string, { deleteData, signal }: { deleteData: boolean; signal: AbortSignal }): Promise<void> {
    signal.throwIfAborted();
    // Who aborts stops waiting; a removal that has begun goes on.
    await abortable(
      this.#changes.run(infoHash, () => this.#remove(infoHash, deleteData)),
      signal,
    );
  }

  async openFile(infoHash: string, index: number, { signal }: { signal: AbortSignal }): Promise<OpenedFile> {
    const record = this.#record(infoHash);
    const metainfo = await record.metadata(signal);
    // It may have gone in the very moment that its metadata came.
    if (record.failure !== undefined) throw record.failure;
    const file = metainfo.files.find((candidate) => candidate.index === index && !candidate.isPadding);
    const torrent = record.status();
    const summary = torrent.files.find((candidate) => candidate.index === index);
    if (file === undefined || summary === undefined) throw fileNotFound(index);
    const path = this.#seedPaths.get(infoHash)?.[index] ?? join(this.#library.directoryOf(infoHash), ...file.diskPath);
    const { chunks } = this.#options;
    const provider = this.#providers.get(infoHash, index, () =>
      createPieceProvider({ view: record, file, openFile: () => openReadOnly(path), chunks }),
    );
    const guarded = withStallGuard(provider, {
      clock: this.#options.clock,
      limitMs: this.#options.stallLimitMs ?? STALL_LIMIT_MS,
      lastProgressMs: () => record.lastProgressMs,
      isSure: (offset) => record.isSure(file.offsetBytes + offset),
      explain: () => (this.health().state === "running" ? record.explainStall() : sessionUnavailable()),
    });
    return { provider: guarded, torrent, file: summary };
  }

  map(infoHash: string, index: number): FileMap {
    return this.#record(infoHash).map(index);
  }

  subscribe(listener: (event: EngineEvent) => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }

  health(): EngineHealth {
    const { problem } = this.#folder;
    return { ...this.#supervisor.health(), ...(problem !== undefined && { problem }) };
  }

  statistics(): EngineStatistics {
    const evictedPieces = this.#budget?.evictedPieces ?? 0;
    return this.#statistics.of(this.#records.values(), { maxKeptBytes: this.#options.maxDiskBytes, evictedPieces });
  }

  peerPort(signal: AbortSignal): Promise<number> {
    return this.#supervisor.peerPort(signal);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    for (const record of this.#records.values()) record.fail(shuttingDown());
    this.#budget?.[Symbol.dispose]();
    this.#folder[Symbol.dispose]();
    await this.#supervisor.close();
    // Removals that waited for the session are free now, and are finished: the library is open until they are.
    await this.#changes.idle();
    for (const infoHash of this.#records.keys()) await this.#providers.close(infoHash);
    await this.#library.close();
  }

  async #add(intake: Intake): Promise<TorrentStatus> {
    this.#assertOpen();
    this.#folder.throwIfGone();
    const known = this.#records.get(intake.infoHash);
    if (known !== undefined && known.failure === undefined) return await this.#merge(known, intake);
    const { metainfo = known?.metainfo } = intake;
    const record = this.#createRecord({ ...intake, metainfo, provenPeers: known?.provenPeers ?? [] }, Date.now());
    if (known === undefined) return await this.#addNew(record);
    record.learn(known);
    await this.#save(record);
    // A torrent that failed starts afresh, with what is on the disk.
    await this.#release(known);
    return this.#list(record, { isNew: true });
  }

  /** Peers are met while it is written down, as a disk takes longer for that than they take to answer. */
  async #addNew(record: TorrentRecord): Promise<TorrentStatus> {
    this.#list(record, { isNew: true });
    try {
      await this.#save(record);
    } catch (error) {
      await this.#drop(record);
      throw error;
    }
    return record.status();
  }

  async #merge(record: TorrentRecord, intake: Intake): Promise<TorrentStatus> {
    record.learn(intake);
    const { infoHash, peers, webSeeds, isLocal, metainfo } = intake;
    const infoBytes = record.metainfo === undefined ? metainfo?.infoBytes : undefined;
    const { trackers } = record;
    this.#supervisor.send({ type: "learn", infoHash, peers, trackers, webSeeds, isLocal, infoBytes });
    await this.#save(record);
    return record.status();
  }

  async #remove(infoHash: string, deleteData: boolean): Promise<void> {
    this.#assertOpen();
    await this.#drop(this.#record(infoHash), () => this.#library.remove(infoHash, { deleteData }));
  }

  async #drop(record: TorrentRecord, forget?: () => Promise<void>): Promise<void> {
    record.fail(torrentRemoved());
    await this.#release(record);
    await forget?.();
    this.#emit({ type: "removed", infoHash: record.infoHash });
  }

  /** Takes a torrent that has failed off the list; afterwards nobody has its files open. */
  async #release(record: TorrentRecord): Promise<void> {
    const { infoHash } = record;
    this.#statistics.forget(record);
    this.#records.delete(infoHash);
    this.#seedPaths.delete(infoHash);
    await Promise.all([this.#supervisor.release(infoHash), this.#providers.close(infoHash)]);
  }

  #list(record: TorrentRecord, { isNew = false } = {}): TorrentStatus {
    this.#records.set(record.infoHash, record);
    this.#supervisor.send({ type: "add", order: { ...this.#order(record), isNew } });
    this.#emit({ type: "added", torrent: record.status() });
    return record.status();
  }

  *#briefing(): Iterable<SessionCommand> {
    for (const record of this.#records.values()) {
      if (record.failure !== undefined) continue;
      const { infoHash } = record;
      yield { type: "add", order: this.#order(record) };
      if (record.isAwaited) yield { type: "await", infoHash, isAwaited: true };
      for (const [id, demand] of record.demandsForNewSession()) yield { type: "demand", infoHash, id, demand };
    }
  }

  /** Streams wait on: what they demand is told to the next session. */
  #sessionDied(cause: Error | undefined): void {
    this.#options.log?.("The torrent session died and is started again", cause);
    for (const record of this.#records.values()) record.sessionDied();
  }

  #folderChanged(): void {
    const { problem } = this.#folder;
    this.#options.log?.(problem === undefined ? "The data folder is back" : "The data folder is gone", problem);
    this.#tellHealth();
  }

  #handle(event: SessionEvent): void {
    this.#budget?.changed();
    const line = logLineOf(event);
    if (line !== undefined) this.#options.log?.(...line);
    switch (event.type) {
      case "figures":
        for (const figures of event.torrents) this.#update(figures.infoHash, (record) => record.setFigures(figures));
        return;
      case "verified":
        // Events tell of it with the next figures: pieces may come by the hundred.
        this.#records.get(event.figures.infoHash)?.setFigures(event.figures);
        this.#records.get(event.figures.infoHash)?.pieceVerified(event.piece);
        return;
      case "evicted":
        this.#update(event.infoHash, (record) => record.evicted(event.pieces));
        return;
      case "checked":
        this.#records.get(event.infoHash)?.checked(event.piece, event.isRight);
        return;
      case "ready":
        this.#update(event.infoHash, (record) => this.#ready(record, event));
        return;
      case "provenPeers":
        this.#peersProven(event.infoHash, event.peers);
        return;
      case "storage":
        this.#update(event.infoHash, (record) => record.setStorageProblem(event.problem));
        return;
      case "failed":
        this.#update(event.infoHash, (record) =>
          record.fail(new StreamError(event.failure.code, event.failure.message)),
        );
        return;
      // The log's, and the supervisor's.
      case "portMapping":
      case "noUtp":
      case "listening":
      case "removed":
      case "closed":
        return;
    }
  }

  #ready(record: TorrentRecord, { infoBytes, verified }: Extract<SessionEvent, { type: "ready" }>): void {
    const isNew = record.metainfo === undefined;
    record.ready(record.metainfo ?? parseInfoDictionary(infoBytes), verified);
    if (isNew) this.#saveLater(record);
  }

  #peersProven(infoHash: string, peers: readonly PeerAddress[]): void {
    const record = this.#records.get(infoHash);
    record?.peersProven(peers);
    if (record !== undefined) this.#saveLater(record);
  }

  #createRecord(intake: RecordSource, addedAtMs: number): TorrentRecord {
    const { infoHash } = intake;
    return new TorrentRecord({
      ...intake,
      addedAtMs,
      clock: this.#options.clock,
      demandChanged: (id, demand) => {
        this.#supervisor.send({ type: "demand", infoHash, id, demand });
        this.#budget?.changed();
      },
      admit: (demand) => (this.#budget === undefined ? demand : this.#budget.admit(demand)),
      check: (piece) => this.#supervisor.send({ type: "check", infoHash, piece }),
      awaitedChanged: (isAwaited) => this.#supervisor.send({ type: "await", infoHash, isAwaited }),
    });
  }

  #createBudget(maxBytes: number): DiskBudget {
    return new DiskBudget({
      maxBytes,
      freeBytes: () => freeSpaceBytes(this.#options.dataDirectory),
      clock: this.#options.clock,
      torrents: () => [...this.#records.values()].filter(({ infoHash }) => !this.#seedPaths.has(infoHash)),
      evict: (infoHash, pieces) => this.#supervisor.send({ type: "evict", infoHash, pieces }),
    });
  }

  async #save(record: TorrentRecord): Promise<void> {
    if (!this.#seedPaths.has(record.infoHash)) await this.#library.save(storedForm(record));
  }

  /** What is only useful at the next start: there may be no room for it now. */
  #saveLater(record: TorrentRecord): void {
    this.#save(record).catch((error) => this.#options.log?.("A torrent could not be remembered", error));
  }

  #order(record: TorrentRecord): TorrentOrder {
    return torrentOrder(record, {
      directory: this.#library.directoryOf(record.infoHash),
      peers: this.#options.peers,
      reclaimsSpace: this.#budget !== undefined,
      seedPaths: this.#seedPaths.get(record.infoHash),
    });
  }

  #record(infoHash: string): TorrentRecord {
    const record = this.#records.get(infoHash);
    if (record === undefined) throw torrentNotFound();
    return record;
  }

  #update(infoHash: string, change: (record: TorrentRecord) => void): void {
    const record = this.#records.get(infoHash);
    if (record === undefined) return;
    change(record);
    this.#emit({ type: "updated", torrent: record.status() });
  }

  #tellHealth(): void {
    this.#emit({ type: "engine", health: this.health() });
  }

  #emit(event: EngineEvent): void {
    for (const listener of this.#listeners) listener(event);
  }

  #assertOpen(): void {
    if (this.#closing !== undefined) throw shuttingDown();
  }
}
