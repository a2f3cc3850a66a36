import {
  abortable,
  type Clock,
  type FileMap,
  mergeRanges,
  type OpenedFile,
  RiptideError,
  type StreamError,
  type TorrentSource,
  type TorrentState,
  type TorrentStatus,
} from "@riptide/core";
import type { Arrivals } from "./arrivals.ts";
import { createSimulatedPieceProvider, type SimulatedPieceProvider } from "./simulated-piece-provider.ts";

/** A torrent that a simulated swarm shares. Its files have pieces of their own, as in BitTorrent v2 (BEP 52). */
export interface SimulatedTorrentSeed {
  /** 40 lower-case hex digits: it is added by these, or by a magnet with them. */
  readonly infoHash: string;
  readonly name: string;
  readonly files: readonly { readonly path: string; readonly bytes: Uint8Array }[];
  /** Default 256 KiB. */
  readonly pieceLengthBytes?: number;
  /** How the pieces of each file come. Default: all are there from the start. */
  readonly arrivals?: Arrivals;
  /** From the adding to the files being known; `Infinity` for never. Default 0: they are known at once. */
  readonly metadataDelayMs?: number;
  /** Also added by these: addresses and contents of .torrent files. */
  readonly sources?: readonly TorrentSource[];
}

const PIECE_LENGTH_BYTES = 256 * 1024;

/** One torrent of a simulated engine, from its adding to its removal. */
export class SimulatedTorrent {
  readonly #seed: SimulatedTorrentSeed;
  readonly #displayName: string;
  readonly #clock: Clock;
  readonly #onChange: () => void;
  readonly #metadataTimer: Disposable | undefined;
  /** Settles once the files are known or never will be. */
  readonly #decided: Promise<void>;
  #decide: () => void = () => {};
  #providers: SimulatedPieceProvider[] | undefined;
  #failure: RiptideError | undefined;
  readonly #addedAtMs: number;
  #bytesPerSecond = 0;
  #measured = { atMs: 0, fetchedBytes: 0 };
  #status: TorrentStatus | undefined;

  /** `onChange` is called after every change of what `status` tells; `displayName` is the name until the true one is known. */
  constructor(seed: SimulatedTorrentSeed, displayName: string, clock: Clock, onChange: () => void) {
    this.#seed = seed;
    this.#displayName = displayName;
    this.#clock = clock;
    this.#onChange = onChange;
    this.#addedAtMs = clock.nowMs();
    this.#measured = { atMs: this.#addedAtMs, fetchedBytes: 0 };
    this.#decided = new Promise((resolve) => {
      this.#decide = resolve;
    });
    const delayMs = seed.metadataDelayMs ?? 0;
    if (delayMs === 0) this.#learnFiles();
    else this.#metadataTimer = clock.setTimer(delayMs, () => this.#learnFiles());
  }

  /** The same object until something changes. */
  get status(): TorrentStatus {
    this.#status ??= this.#describe();
    return this.#status;
  }

  /** Waits for the metadata. Rejects with `file_not_found`, the torrent's failure, or the signal's reason. */
  async openFile(index: number, signal: AbortSignal): Promise<OpenedFile> {
    await abortable(this.#decided, signal);
    if (this.#failure !== undefined) throw this.#failure;
    const provider = this.provider(index);
    return { provider, torrent: this.status, file: this.status.files[index]! };
  }

  /** Throws `file_not_found`, also while the metadata is missing. */
  provider(index: number): SimulatedPieceProvider {
    const provider = this.#providers?.[index];
    if (provider === undefined) throw new RiptideError("file_not_found", `This torrent has no file number ${index}.`);
    return provider;
  }

  map(index: number): FileMap {
    const provider = this.provider(index);
    const demands = provider.demands();
    return {
      available: provider.available({ start: 0, end: provider.sizeBytes }),
      wanted: mergeRanges(demands.map(({ range }) => range)),
      reading: mergeRanges(demands.flatMap(({ range, origin }) => (origin === "read" ? [range] : []))),
    };
  }

  /** Ends it for good: everything that waits or reads from now on gets this error. */
  fail(error: StreamError): void {
    this.#failure = error;
    this.#metadataTimer?.[Symbol.dispose]();
    for (const provider of this.#providers ?? []) provider.close(error);
    this.#decide();
    this.#changed();
  }

  /** Takes the mean rate since the last call, and says whether it is other than before. */
  measureRate(): boolean {
    const before = this.#bytesPerSecond;
    const { fetchedBytes } = this.#totals();
    const elapsedMs = this.#clock.nowMs() - this.#measured.atMs;
    this.#bytesPerSecond = elapsedMs === 0 ? 0 : ((fetchedBytes - this.#measured.fetchedBytes) / elapsedMs) * 1000;
    this.#measured = { atMs: this.#clock.nowMs(), fetchedBytes };
    this.#status = undefined;
    return this.#bytesPerSecond !== before;
  }

  #learnFiles(): void {
    const { files, pieceLengthBytes = PIECE_LENGTH_BYTES, arrivals } = this.#seed;
    this.#providers = files.map(({ bytes }) => {
      const options = { bytes, pieceLengthBytes, clock: this.#clock };
      return createSimulatedPieceProvider(arrivals === undefined ? options : { ...options, arrivals });
    });
    for (const provider of this.#providers) provider.onChange(() => this.#changed());
    this.#decide();
    this.#changed();
  }

  #changed(): void {
    this.#status = undefined;
    this.#onChange();
  }

  #describe(): TorrentStatus {
    const { infoHash, name, files, pieceLengthBytes = PIECE_LENGTH_BYTES } = this.#seed;
    const totals = this.#totals();
    const isKnown = this.#providers !== undefined;
    return {
      infoHash,
      name: isKnown ? name : this.#displayName,
      state: this.#state(),
      addedAtMs: this.#addedAtMs,
      files: (this.#providers ?? []).map((provider, index) => ({
        index,
        path: files[index]!.path,
        lengthBytes: provider.sizeBytes,
        verifiedBytes: provider.counters().availableBytes,
      })),
      sizeBytes: totals.sizeBytes,
      pieceLengthBytes: isKnown ? pieceLengthBytes : 0,
      verifiedBytes: totals.verifiedBytes,
      downloadedBytes: totals.fetchedBytes,
      uploadedBytes: 0,
      downloadBytesPerSecond: this.#bytesPerSecond,
      uploadBytesPerSecond: 0,
      connectedPeers: isKnown ? 1 : 0,
      knownPeers: isKnown ? 1 : 0,
      activeDemands: totals.demandsHeld,
      error: this.#failure && { code: this.#failure.code, message: this.#failure.message },
    };
  }

  #state(): TorrentState {
    if (this.#failure !== undefined) return "failed";
    return this.#providers === undefined ? "metadata" : "ready";
  }

  #totals() {
    const totals = { sizeBytes: 0, verifiedBytes: 0, fetchedBytes: 0, demandsHeld: 0 };
    for (const provider of this.#providers ?? []) {
      const counters = provider.counters();
      totals.sizeBytes += provider.sizeBytes;
      totals.verifiedBytes += counters.availableBytes;
      totals.fetchedBytes += counters.fetchedBytes;
      totals.demandsHeld += counters.demandsHeld;
    }
    return totals;
  }
}
