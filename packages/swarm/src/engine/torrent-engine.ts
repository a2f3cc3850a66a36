import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { join } from "node:path";
import {
  type Clock,
  type EngineEvent,
  type EngineHealth,
  type FileMap,
  type OpenedFile,
  type PieceProvider,
  RiptideError,
  StreamError,
  type TorrentEngine,
  type TorrentSource,
  type TorrentStatus,
} from "@riptide/core";
import { parseInfoDictionary, parseTorrentFile } from "../metainfo/index.ts";
import { createPieceProvider } from "../provider/index.ts";
import type { SessionCommand, SessionEvent, SessionSettings, TorrentOrder } from "../session/protocol.ts";
import { type Library, openLibrary } from "../storage/index.ts";
import type { PeerAddress } from "../types.ts";
import { Deferred } from "./deferred.ts";
import { type SessionThread, type StartSessionThread, startSessionThread } from "./session-thread.ts";
import { type Intake, takeIn } from "./source-intake.ts";
import { withStallGuard } from "./stall-guard.ts";
import { fileNotFound, TorrentRecord } from "./torrent-record.ts";

/** A read that waits fails when nothing at all has arrived for this long: a person has long given up by then. */
const STALL_LIMIT_MS = 30_000;
/** How long `close` waits for the session to write down what it has. */
const CLOSE_LIMIT_MS = 5_000;
const FIRST_RESTART_DELAY_MS = 100;
const LAST_RESTART_DELAY_MS = 10_000;
/** A session that ran this long before it died is started again without delay. */
const HEALTHY_RUN_MS = 60_000;

export interface TorrentEngineOptions {
  /** Holds one folder for each torrent; created if it is missing, locked while the engine runs. */
  readonly dataDirectory: string;
  readonly settings: SessionSettings;
  /** Tried for every torrent. */
  readonly peers: readonly PeerAddress[];
  readonly clock: Clock;
  readonly stallLimitMs?: number;
  /** Told why a session died: a fault of ours that nobody else hears about. */
  readonly log?: (message: string, error: unknown) => void;
  readonly startThread?: StartSessionThread;
}

/** The engine, and what only the command line needs of it. */
export interface RiptideTorrentEngine extends TorrentEngine {
  /** The TCP port that peers can connect to, once the session listens. */
  peerPort(signal: AbortSignal): Promise<number>;
  /** Shares complete files (one absolute path for each file of the torrent) without copying or remembering them. */
  share(torrentFile: Uint8Array, paths: readonly string[]): TorrentStatus;
}

/**
 * Opens the torrents of a data folder and starts their session in a worker thread. When the session dies it is started
 * again with the same torrents and demands, and open streams go on.
 * Rejects with a `RiptideError` if the folder cannot be used.
 */
export async function openTorrentEngine(options: TorrentEngineOptions): Promise<RiptideTorrentEngine> {
  const library = await openLibrary(options.dataDirectory);
  return new ThreadedTorrentEngine(options, library);
}

class ThreadedTorrentEngine implements RiptideTorrentEngine {
  readonly #options: TorrentEngineOptions;
  readonly #library: Library;
  readonly #records = new Map<string, TorrentRecord>();
  readonly #seedPaths = new Map<string, readonly string[]>();
  readonly #providers = new Map<string, PieceProvider & AsyncDisposable>();
  readonly #listeners = new Set<(event: EngineEvent) => void>();
  readonly #removals = new Map<string, Deferred<void>>();
  #thread: SessionThread | undefined;
  #peerPort = new Deferred<number>();
  #sessionClosed = new Deferred<void>();
  #state: EngineHealth["state"] = "restarting";
  #restarts = -1;
  #startedMs = 0;
  #quickDeaths = 0;
  #restartTimer: Disposable | undefined;
  #closing: Promise<void> | undefined;

  constructor(options: TorrentEngineOptions, library: Library) {
    this.#options = options;
    this.#library = library;
    for (const stored of library.torrents()) {
      const metainfo = stored.infoBytes === undefined ? undefined : parseInfoDictionary(stored.infoBytes);
      this.#remember({ ...stored, metainfo }, stored.addedAtMs);
    }
    this.#start();
  }

  async add(source: TorrentSource, { signal }: { signal: AbortSignal }): Promise<TorrentStatus> {
    const intake = await takeIn(source, { clock: this.#options.clock, signal });
    signal.throwIfAborted();
    this.#assertOpen();
    const known = this.#records.get(intake.infoHash);
    if (known !== undefined && known.failure === undefined) return this.#merge(known, intake);
    const record = this.#remember(intake, Date.now());
    await this.#save(record);
    this.#send({ type: "add", order: this.#order(record) });
    this.#emit({ type: "added", torrent: record.status() });
    return record.status();
  }

  share(torrentFile: Uint8Array, paths: readonly string[]): TorrentStatus {
    const metainfo = parseTorrentFile(torrentFile);
    const { infoHash, name: displayName, trackers } = metainfo;
    this.#seedPaths.set(infoHash, paths);
    const record = this.#remember({ infoHash, displayName, trackers, peers: [], metainfo }, Date.now());
    this.#send({ type: "add", order: this.#order(record) });
    this.#emit({ type: "added", torrent: record.status() });
    return record.status();
  }

  list(): readonly TorrentStatus[] {
    return [...this.#records.values()].map((record) => record.status());
  }

  get(infoHash: string): TorrentStatus | undefined {
    return this.#records.get(infoHash)?.status();
  }

  async remove(infoHash: string, options: { deleteData: boolean; signal: AbortSignal }): Promise<void> {
    const record = this.#record(infoHash);
    record.fail(new StreamError("torrent_removed", "This torrent was removed. Add it again to play it."));
    this.#records.delete(infoHash);
    this.#seedPaths.delete(infoHash);
    const released = new Deferred<void>();
    this.#removals.set(infoHash, released);
    this.#send({ type: "remove", infoHash });
    await this.#closeProviders(infoHash);
    await released.wait(options.signal);
    await this.#library.remove(infoHash, { deleteData: options.deleteData });
    this.#emit({ type: "removed", infoHash });
  }

  async openFile(infoHash: string, index: number, { signal }: { signal: AbortSignal }): Promise<OpenedFile> {
    const record = this.#record(infoHash);
    const metainfo = await record.metadata(signal);
    const file = metainfo.files.find((candidate) => candidate.index === index && !candidate.isPadding);
    const torrent = record.status();
    const summary = torrent.files.find((candidate) => candidate.index === index);
    if (file === undefined || summary === undefined) throw fileNotFound(index);
    const key = `${infoHash}/${index}`;
    let provider = this.#providers.get(key);
    if (provider === undefined) {
      const path =
        this.#seedPaths.get(infoHash)?.[index] ?? join(this.#library.directoryOf(infoHash), ...file.diskPath);
      provider = createPieceProvider({ view: record, file, openFile: () => openReadOnly(path) });
      this.#providers.set(key, provider);
    }
    const guarded = withStallGuard(provider, {
      clock: this.#options.clock,
      limitMs: this.#options.stallLimitMs ?? STALL_LIMIT_MS,
      lastProgressMs: () => record.lastProgressMs,
      explain: () => record.explainStall(),
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
    return { state: this.#state, restarts: Math.max(0, this.#restarts) };
  }

  peerPort(signal: AbortSignal): Promise<number> {
    return this.#peerPort.wait(signal);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#restartTimer?.[Symbol.dispose]();
    for (const record of this.#records.values()) {
      record.fail(new StreamError("engine_unavailable", "Riptide is shutting down. Start it again to go on."));
    }
    this.#setState("closed");
    this.#send({ type: "close" });
    const limit = this.#options.clock.setTimer(CLOSE_LIMIT_MS, () => this.#sessionClosed.resolve());
    if (this.#thread === undefined) this.#sessionClosed.resolve();
    await this.#sessionClosed.promise;
    limit[Symbol.dispose]();
    await this.#thread?.terminate();
    for (const infoHash of this.#records.keys()) await this.#closeProviders(infoHash);
    await this.#library.close();
  }

  #start(): void {
    this.#restarts += 1;
    this.#startedMs = this.#options.clock.nowMs();
    const start = this.#options.startThread ?? startSessionThread;
    this.#thread = start(this.#options.settings, {
      event: (event) => this.#handle(event),
      exited: (cause) => this.#died(cause),
    });
    for (const record of this.#records.values()) {
      if (record.failure !== undefined) continue;
      this.#send({ type: "add", order: this.#order(record) });
      for (const [id, demand] of record.demands) {
        this.#send({ type: "demand", infoHash: record.infoHash, id, demand });
      }
    }
    this.#setState("running");
  }

  /** The session is gone. Streams wait on: what they demand is sent to the next one. */
  #died(cause: Error | undefined): void {
    this.#thread = undefined;
    this.#sessionClosed.resolve();
    if (this.#closing !== undefined) return;
    this.#options.log?.("The torrent session died and is started again", cause);
    for (const removal of this.#removals.values()) removal.resolve();
    this.#removals.clear();
    this.#peerPort = new Deferred();
    this.#setState("restarting");
    const ranMs = this.#options.clock.nowMs() - this.#startedMs;
    this.#quickDeaths = ranMs >= HEALTHY_RUN_MS ? 0 : this.#quickDeaths + 1;
    const delayMs = Math.min(LAST_RESTART_DELAY_MS, FIRST_RESTART_DELAY_MS * 2 ** this.#quickDeaths);
    this.#restartTimer = this.#options.clock.setTimer(delayMs, () => {
      this.#sessionClosed = new Deferred();
      this.#start();
    });
  }

  #handle(event: SessionEvent): void {
    switch (event.type) {
      case "listening":
        this.#peerPort.resolve(event.port);
        return;
      case "closed":
        this.#sessionClosed.resolve();
        return;
      case "removed":
        this.#removals.get(event.infoHash)?.resolve();
        this.#removals.delete(event.infoHash);
        return;
      case "figures":
        for (const figures of event.torrents) {
          this.#with(figures.infoHash, (record) => record.setFigures(figures));
          this.#updated(figures.infoHash);
        }
        return;
      case "verified":
        this.#with(event.infoHash, (record) => record.pieceVerified(event.piece));
        return;
      case "ready":
        this.#ready(event);
        return;
      case "provenPeers":
        this.#with(event.infoHash, (record) => {
          record.peers = event.peers;
          void this.#save(record).catch(() => undefined);
        });
        return;
      case "storage":
        this.#with(event.infoHash, (record) => record.setStorageProblem(event.problem));
        this.#updated(event.infoHash);
        return;
      case "failed":
        this.#with(event.infoHash, (record) => record.fail(new StreamError(event.code, event.message)));
        this.#updated(event.infoHash);
        return;
    }
  }

  #ready(event: Extract<SessionEvent, { type: "ready" }>): void {
    this.#with(event.infoHash, (record) => {
      const isNew = record.metainfo === undefined;
      record.ready(record.metainfo ?? parseInfoDictionary(event.infoBytes), event.verified);
      if (isNew) void this.#save(record).catch(() => undefined);
    });
    this.#updated(event.infoHash);
  }

  #remember(intake: Intake, addedAtMs: number): TorrentRecord {
    const record = new TorrentRecord({
      ...intake,
      addedAtMs,
      clock: this.#options.clock,
      demandChanged: (id, demand) => this.#send({ type: "demand", infoHash: intake.infoHash, id, demand }),
    });
    this.#records.set(intake.infoHash, record);
    return record;
  }

  async #merge(record: TorrentRecord, intake: Intake): Promise<TorrentStatus> {
    const { infoHash, peers, trackers, metainfo } = intake;
    record.trackers = [...record.trackers, ...trackers];
    record.peers = [...record.peers, ...peers];
    this.#send({
      type: "learn",
      infoHash,
      peers,
      trackers,
      infoBytes: record.metainfo ? undefined : metainfo?.infoBytes,
    });
    await this.#save(record);
    return record.status();
  }

  async #save(record: TorrentRecord): Promise<void> {
    const { infoHash, trackers, peers, displayName, addedAtMs } = record;
    if (this.#seedPaths.has(infoHash) || this.#records.get(infoHash) !== record) return;
    const infoBytes = record.metainfo?.infoBytes;
    await this.#library.save({ infoHash, infoBytes, trackers, peers, displayName, addedAtMs });
  }

  #order(record: TorrentRecord): TorrentOrder {
    return {
      infoHash: record.infoHash,
      directory: this.#library.directoryOf(record.infoHash),
      infoBytes: record.metainfo?.infoBytes,
      trackers: record.trackers,
      peers: [...record.peers, ...this.#options.peers],
      seedPaths: this.#seedPaths.get(record.infoHash),
    };
  }

  #record(infoHash: string): TorrentRecord {
    const record = this.#records.get(infoHash);
    if (record !== undefined) return record;
    throw new RiptideError("torrent_not_found", "This torrent is not on the list. Add it first.");
  }

  #with(infoHash: string, action: (record: TorrentRecord) => void): void {
    const record = this.#records.get(infoHash);
    if (record !== undefined) action(record);
  }

  #updated(infoHash: string): void {
    this.#with(infoHash, (record) => this.#emit({ type: "updated", torrent: record.status() }));
  }

  #setState(state: EngineHealth["state"]): void {
    this.#state = state;
    this.#emit({ type: "engine", health: this.health() });
  }

  #emit(event: EngineEvent): void {
    for (const listener of this.#listeners) listener(event);
  }

  #send(command: SessionCommand): void {
    this.#thread?.send(command);
  }

  #assertOpen(): void {
    if (this.#closing === undefined) return;
    throw new RiptideError("engine_unavailable", "Riptide is shutting down. Start it again to add torrents.");
  }

  async #closeProviders(infoHash: string): Promise<void> {
    for (const [key, provider] of this.#providers) {
      if (!key.startsWith(`${infoHash}/`)) continue;
      this.#providers.delete(key);
      await provider[Symbol.asyncDispose]();
    }
  }
}

/** Never through a link: the folder may have been tampered with since the session made it. */
function openReadOnly(path: string): Promise<FileHandle> {
  return open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
}
