import {
  type Clock,
  type EngineEvent,
  type EngineHealth,
  type EngineStatistics,
  type FileMap,
  type OpenedFile,
  RiptideError,
  SourceError,
  StreamError,
  type TorrentEngine,
  type TorrentSource,
  type TorrentStatus,
} from "@riptide/core";
import { equalBytes } from "./equal-bytes.ts";
import type { SimulatedPieceProvider } from "./simulated-piece-provider.ts";
import { SimulatedTorrent, type SimulatedTorrentSeed } from "./simulated-torrent.ts";

export interface SimulatedTorrentEngineOptions {
  readonly clock: Clock;
  /** The torrents that somebody shares. Any other info hash can be added too, and waits for its metadata for ever. */
  readonly torrents: readonly SimulatedTorrentSeed[];
}

/** The port allows one `updated` for each torrent in this time. */
const UPDATE_INTERVAL_MS = 500;

interface ListedTorrent {
  readonly torrent: SimulatedTorrent;
  lastUpdateMs: number;
  nextUpdate: Disposable | undefined;
}

/** Creates an engine without peers, sockets or disk, whose torrents do what the test says. */
export function createSimulatedTorrentEngine(options: SimulatedTorrentEngineOptions): SimulatedTorrentEngine {
  return new SimulatedTorrentEngine(options);
}

export class SimulatedTorrentEngine implements TorrentEngine {
  /** What was removed, and whether its data was to go too. */
  readonly removals: { readonly infoHash: string; readonly deleteData: boolean }[] = [];
  readonly #clock: Clock;
  readonly #seeds: readonly SimulatedTorrentSeed[];
  readonly #listed = new Map<string, ListedTorrent>();
  readonly #listeners = new Set<(event: EngineEvent) => void>();
  #removedBytes = 0;
  #health: EngineHealth = { state: "running", restarts: 0 };

  constructor(options: SimulatedTorrentEngineOptions) {
    this.#clock = options.clock;
    this.#seeds = options.torrents;
  }

  async add(source: TorrentSource, options: { signal: AbortSignal }): Promise<TorrentStatus> {
    options.signal.throwIfAborted();
    this.#checkRunning();
    const { seed, displayName } = findSeed(this.#seeds, source);
    const { infoHash } = seed;
    const listed = this.get(infoHash);
    if (listed !== undefined) return listed;
    const torrent = new SimulatedTorrent(seed, displayName, this.#clock, () => this.#scheduleUpdate(infoHash));
    this.#listed.set(infoHash, { torrent, lastUpdateMs: this.#clock.nowMs(), nextUpdate: undefined });
    this.#tell({ type: "added", torrent: torrent.status });
    return torrent.status;
  }

  list(): readonly TorrentStatus[] {
    return [...this.#listed.values()].map(({ torrent }) => torrent.status);
  }

  get(infoHash: string): TorrentStatus | undefined {
    return this.#listed.get(infoHash)?.torrent.status;
  }

  async remove(infoHash: string, options: { deleteData: boolean; signal: AbortSignal }): Promise<void> {
    options.signal.throwIfAborted();
    this.#checkRunning();
    this.#find(infoHash);
    this.#drop(infoHash, new StreamError("torrent_removed", "This torrent was removed. Add it again to go on."));
    this.removals.push({ infoHash, deleteData: options.deleteData });
    this.#tell({ type: "removed", infoHash });
  }

  async openFile(infoHash: string, index: number, options: { signal: AbortSignal }): Promise<OpenedFile> {
    return this.#find(infoHash).torrent.openFile(index, options.signal);
  }

  map(infoHash: string, index: number): FileMap {
    return this.#find(infoHash).torrent.map(index);
  }

  subscribe(listener: (event: EngineEvent) => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => this.#listeners.delete(listener) };
  }

  health(): EngineHealth {
    return this.#health;
  }

  /** One honest peer for each torrent, and no bound for what is kept. */
  statistics(): EngineStatistics {
    const torrents = { metadata: 0, ready: 0, failed: 0 };
    const totals = { connected: 0, fetchedBytes: this.#removedBytes, keptBytes: 0 };
    for (const status of this.list()) {
      torrents[status.state] += 1;
      totals.connected += status.connectedPeers;
      totals.fetchedBytes += status.downloadedBytes;
      totals.keptBytes += status.verifiedBytes;
    }
    return {
      torrents,
      peers: { connected: totals.connected, connecting: 0, unconnected: 0 },
      downloadedBytes: { peer: totals.fetchedBytes, webseed: 0 },
      uploadedBytes: 0,
      hashFailures: 0,
      bans: { corrupt_piece: 0, corrupt_metadata: 0 },
      keptBytes: totals.keptBytes,
      maxKeptBytes: undefined,
      evictedPieces: 0,
    };
  }

  async close(): Promise<void> {
    if (this.#health.state === "closed") return;
    const error = new StreamError("engine_unavailable", "Riptide is shutting down.");
    for (const infoHash of this.#listed.keys()) this.#drop(infoHash, error);
    this.#setHealth({ ...this.#health, state: "closed" });
  }

  /** The provider behind a file, to deliver pieces, let reads fail and count. Throws as `map` does. */
  provider(infoHash: string, index: number): SimulatedPieceProvider {
    return this.#find(infoHash).torrent.provider(index);
  }

  /** Puts a torrent into the state `failed`. Throws `torrent_not_found`. */
  failTorrent(infoHash: string, error: StreamError): void {
    this.#find(infoHash).torrent.fail(error);
  }

  /** The session behind the engine dies: until `restart`, nothing can be added or removed; open files go on. */
  crash(): void {
    this.#setHealth({ ...this.#health, state: "restarting" });
  }

  restart(): void {
    this.#setHealth({ state: "running", restarts: this.#health.restarts + 1 });
  }

  /** Its data folder is gone, or back. */
  setProblem(problem: string | undefined): void {
    const { state, restarts } = this.#health;
    this.#setHealth({ state, restarts, ...(problem !== undefined && { problem }) });
  }

  #checkRunning(): void {
    if (this.#health.state === "running") return;
    throw new RiptideError("engine_unavailable", "The torrent engine is starting again. Try again in a moment.", {
      retryAfterSeconds: 1,
    });
  }

  #find(infoHash: string): ListedTorrent {
    const listed = this.#listed.get(infoHash);
    if (listed !== undefined) return listed;
    throw new RiptideError("torrent_not_found", "This torrent is not here. Add it first.");
  }

  #drop(infoHash: string, error: StreamError): void {
    const listed = this.#find(infoHash);
    this.#listed.delete(infoHash);
    this.#removedBytes += listed.torrent.status.downloadedBytes;
    listed.nextUpdate?.[Symbol.dispose]();
    listed.torrent.fail(error);
  }

  /** Tells of a change when the interval since the last time is over, and once more when the rate has fallen since. */
  #scheduleUpdate(infoHash: string): void {
    const listed = this.#listed.get(infoHash);
    if (listed === undefined) return;
    const delayMs = Math.max(0, listed.lastUpdateMs + UPDATE_INTERVAL_MS - this.#clock.nowMs());
    listed.nextUpdate ??= this.#clock.setTimer(delayMs, () => {
      listed.nextUpdate = undefined;
      listed.lastUpdateMs = this.#clock.nowMs();
      const isOtherRate = listed.torrent.measureRate();
      this.#tell({ type: "updated", torrent: listed.torrent.status });
      if (isOtherRate) this.#scheduleUpdate(infoHash);
    });
  }

  #setHealth(health: EngineHealth): void {
    this.#health = health;
    this.#tell({ type: "engine", health });
  }

  #tell(event: EngineEvent): void {
    for (const listener of this.#listeners) listener(event);
  }
}

/** What a source stands for; rejects what a real engine could not understand or fetch. */
function findSeed(
  seeds: readonly SimulatedTorrentSeed[],
  source: TorrentSource,
): { readonly seed: SimulatedTorrentSeed; readonly displayName: string } {
  const known = seeds.find((seed) => seed.sources?.some((other) => isSameSource(other, source)));
  if (known !== undefined) return { seed: known, displayName: known.name };
  if (typeof source !== "string") throw new SourceError("bad_torrent", "This is not a .torrent file.");
  if (/^https?:/i.test(source)) throw new SourceError("fetch_failed", "This address cannot be reached.");
  const { infoHash, displayName } = parseMagnet(source);
  const unshared = { infoHash, name: displayName, files: [], metadataDelayMs: Number.POSITIVE_INFINITY };
  return { seed: seeds.find((seed) => seed.infoHash === infoHash) ?? unshared, displayName };
}

/** Understands a magnet with a hexadecimal `xt` (BEP 9), or the bare info hash. */
function parseMagnet(source: string): { readonly infoHash: string; readonly displayName: string } {
  const parameters = new URLSearchParams(source.replace(/^magnet:\?/i, ""));
  const topic = parameters.get("xt") ?? source;
  if (topic.startsWith("urn:btmh:"))
    throw new SourceError("unsupported_v2", "This magnet names a BitTorrent v2 torrent.");
  const infoHash = /^(?:urn:btih:)?([0-9a-f]{40})$/i.exec(topic)?.[1]?.toLowerCase();
  if (infoHash === undefined) {
    throw new SourceError("bad_source", "This is neither a magnet link, nor an address, nor an info hash.");
  }
  return { infoHash, displayName: parameters.get("dn") ?? infoHash };
}

function isSameSource(left: TorrentSource, right: TorrentSource): boolean {
  return typeof left === "string" || typeof right === "string" ? left === right : equalBytes(left, right);
}
