import type { ByteRange, Clock, Demand, FileMap, TorrentStatus } from "@riptide/core";
import { StreamError } from "@riptide/core";
import type { Metainfo } from "../metainfo/index.ts";
import { uniquePeers } from "../metainfo/peer-address.ts";
import { uniqueTrackers, uniqueWebSeeds } from "../metainfo/torrent-urls.ts";
import type { TorrentView, TorrentWatcher } from "../provider/index.ts";
import type { Failure, TorrentFigures } from "../session/protocol.ts";
import type { PeerAddress, TorrentGeometry } from "../types.ts";
import { Deferred } from "./deferred.ts";
import { fileNotFound } from "./engine-errors.ts";
import { explainStall } from "./explain-stall.ts";
import { addFigures, type Figures, NO_FIGURES, shownFigures, usefulBytes } from "./figures.ts";
import { KeptPieces } from "./kept-pieces.ts";
import { PieceChecks } from "./piece-checks.ts";
import { describeFiles, describeMap, verifiedRanges } from "./torrent-contents.ts";

/** Addresses that are kept for the next start: those that sources named last, and those that answered last. */
const MAX_NAMED_PEERS = 100;
const MAX_PROVEN_PEERS = 50;

export interface TorrentRecordOptions {
  readonly infoHash: string;
  readonly displayName: string | undefined;
  readonly trackers: readonly (readonly string[])[];
  readonly peers: readonly PeerAddress[];
  /** http and https URLs (BEP 19); none unless given. */
  readonly webSeeds?: readonly string[];
  /** It was named by whoever runs this machine; not unless given. */
  readonly isLocal?: boolean;
  /** From past sessions; none unless given. */
  readonly provenPeers?: readonly PeerAddress[];
  readonly metainfo: Metainfo | undefined;
  readonly addedAtMs: number;
  readonly clock: Clock;
  /** Passes a demand on to the session; undefined withdraws it. Ranges count torrent bytes. */
  readonly demandChanged: (id: number, demand: Demand | undefined) => void;
  /** What of a demand the session may fetch now, if anything. */
  readonly admit: (demand: Demand) => Demand | null;
  /** Has the session hash a piece on the disk once more. */
  readonly check: (piece: number) => void;
  /** Tells the session whether anybody waits for the metadata. */
  readonly awaitedChanged: (isAwaited: boolean) => void;
}

/** The main thread's mirror of one torrent whose session runs in a worker. */
export class TorrentRecord implements TorrentView {
  readonly infoHash: string;
  readonly addedAtMs: number;
  readonly #options: TorrentRecordOptions;
  #trackers: readonly (readonly string[])[];
  #peers: readonly PeerAddress[];
  #provenPeers: readonly PeerAddress[];
  #webSeeds: readonly string[];
  #isLocal: boolean;
  #lastProgressMs: number;
  /** Of all sessions so far. */
  #figures = NO_FIGURES;
  /** Of the sessions that died. */
  #pastFigures = NO_FIGURES;
  /** The most peers at once since something arrived. */
  #mostPeers = 0;
  #metainfo: Metainfo | undefined;
  #pieces: KeptPieces | undefined;
  readonly checks: PieceChecks;
  /** The living session has looked at what is on the disk. */
  #isChecked = false;
  #failure: StreamError | undefined;
  #storageProblem: Failure | undefined;
  #lastDemandId = 0;
  readonly #demands = new Map<number, Demand>();
  /** Those that the session knows of. */
  readonly #toldDemands = new Set<number>();
  readonly #watchers = new Set<TorrentWatcher>();
  readonly #metadataSettled = new Deferred<void>();
  #metadataWaiters = 0;
  #status: TorrentStatus | undefined;
  /** The part of the status that costs a walk over all pieces: only a verified piece changes it. */
  #contents: Pick<TorrentStatus, "files" | "verifiedBytes"> | undefined;

  constructor(options: TorrentRecordOptions) {
    this.#options = options;
    this.infoHash = options.infoHash;
    this.addedAtMs = options.addedAtMs;
    this.#trackers = uniqueTrackers(options.trackers);
    this.#peers = uniquePeers(options.peers, MAX_NAMED_PEERS);
    this.#provenPeers = uniquePeers(options.provenPeers ?? [], MAX_PROVEN_PEERS);
    this.#webSeeds = uniqueWebSeeds(options.webSeeds ?? []);
    this.#isLocal = options.isLocal ?? false;
    this.#metainfo = options.metainfo;
    this.#lastProgressMs = options.clock.nowMs();
    this.checks = new PieceChecks(options.check);
  }

  get trackers(): readonly (readonly string[])[] {
    return this.#trackers;
  }

  /** Those that sources named. */
  get peers(): readonly PeerAddress[] {
    return this.#peers;
  }

  /** Those that answered, the last first. */
  get provenPeers(): readonly PeerAddress[] {
    return this.#provenPeers;
  }

  get webSeeds(): readonly string[] {
    return this.#webSeeds;
  }

  /** Everything about it was named by whoever runs this machine. */
  get isLocal(): boolean {
    return this.#isLocal;
  }

  /** When a piece or payload last arrived, a piece on the disk was checked, or more peers joined than there were since: what a stalled reader is judged by. */
  get lastProgressMs(): number {
    return this.#lastProgressMs;
  }

  get metainfo(): Metainfo | undefined {
    return this.#metainfo;
  }

  get displayName(): string | undefined {
    return this.#options.displayName;
  }

  get failure(): StreamError | undefined {
    return this.#failure;
  }

  /** All demands, for a session that knows nothing yet and may have lost pieces that were not on disk for good. */
  demandsForNewSession(): ReadonlyMap<number, Demand> {
    for (const id of this.#demands.keys()) this.#toldDemands.add(id);
    return new Map(
      [...this.#demands].flatMap(([id, demand]) => {
        const admitted = this.#options.admit(demand);
        return admitted === null ? [] : [[id, admitted]];
      }),
    );
  }

  /** Somebody waits for the metadata. */
  get isAwaited(): boolean {
    return this.#metadataWaiters > 0;
  }

  get geometry(): TorrentGeometry {
    if (this.#metainfo === undefined) throw new TypeError(`The metadata of ${this.infoHash} is not there yet`);
    return this.#metainfo;
  }

  /** Resolves once the files are known; rejects with the torrent's failure or the signal's reason. */
  async metadata(signal: AbortSignal): Promise<Metainfo> {
    if (this.#metainfo === undefined && this.#failure === undefined) await this.#awaitMetadata(signal);
    if (this.#failure !== undefined) throw this.#failure;
    return this.#metainfo!;
  }

  has(piece: number): boolean {
    return this.#pieces?.has(piece) === true;
  }

  read(first: number, last: number): Disposable | undefined {
    return this.#pieces?.read(first, last);
  }

  get figures(): Figures {
    return this.#figures;
  }

  /** Whether what is there at this place of the torrent can be served as it is. */
  isSure(offset: number): boolean {
    return !this.checks.isDoubtful(Math.floor(offset / this.geometry.pieceLengthBytes), 0);
  }

  /** The session has hashed the piece. Whoever wants one that is lost is told to it as one who misses it. */
  checked(piece: number, isRight: boolean): void {
    if (!isRight) {
      this.#contents = undefined;
      this.#status = undefined;
      this.tellDemands();
    }
    this.checks.checked(piece, isRight);
  }

  /** What is on the disk; undefined until a session has looked. */
  get pieces(): KeptPieces | undefined {
    return this.#pieces;
  }

  get files(): Metainfo["files"] {
    return this.#metainfo?.files ?? [];
  }

  /** Demands for what is not read yet. */
  get windowCount(): number {
    return [...this.#demands.values()].filter(({ urgency }) => urgency !== "now").length;
  }

  /** In torrent bytes. */
  get demandedRanges(): readonly ByteRange[] {
    return [...this.#demands.values()].map((demand) => demand.range);
  }

  watch(watcher: TorrentWatcher): Disposable {
    this.#watchers.add(watcher);
    return { [Symbol.dispose]: () => void this.#watchers.delete(watcher) };
  }

  nextDemandId(): number {
    this.#lastDemandId += 1;
    return this.#lastDemandId;
  }

  setDemand(id: number, demand: Demand | null): void {
    if (demand !== null) this.#demands.set(id, demand);
    else if (!this.#demands.delete(id)) return;
    this.#status = undefined;
    this.#tellDemand(id, demand);
  }

  /** Another source names the same torrent. */
  learn(source: Pick<TorrentRecordOptions, "trackers" | "peers" | "webSeeds" | "isLocal">): void {
    const { trackers, peers, webSeeds = [], isLocal = false } = source;
    this.#trackers = uniqueTrackers([...this.#trackers, ...trackers]);
    this.#peers = uniquePeers([...peers, ...this.#peers], MAX_NAMED_PEERS);
    this.#webSeeds = uniqueWebSeeds([...this.#webSeeds, ...webSeeds]);
    this.#isLocal &&= isLocal;
  }

  /** These answered lately. */
  peersProven(peers: readonly PeerAddress[]): void {
    this.#provenPeers = uniquePeers([...peers, ...this.#provenPeers], MAX_PROVEN_PEERS);
  }

  /** The session opened the torrent's storage: its bits are the truth from now on. */
  ready(metainfo: Metainfo, verified: SharedArrayBuffer): void {
    this.#metainfo = metainfo;
    this.#pieces = new KeptPieces(metainfo, new Uint8Array(verified), () => this.#options.clock.nowMs());
    this.#isChecked = true;
    this.#contents = undefined;
    this.#changed();
    this.#metadataSettled.resolve();
    this.checks.sessionStarted();
    for (const piece of this.#pieces.evictable()) this.#tellVerified(piece);
  }

  pieceVerified(piece: number): void {
    this.checks.written(piece);
    this.#pieces?.verified(piece);
    this.#contents = undefined;
    this.#changed();
    this.#tellVerified(piece);
  }

  /** These are about to be evicted: nobody can read them from now on. */
  evict(pieces: readonly number[]): void {
    this.#pieces?.evict(pieces);
    this.#contents = undefined;
    this.#status = undefined;
  }

  /** Their bytes are gone. Whoever wants them by now is told to the session as one who misses them. */
  evicted(pieces: readonly number[]): void {
    this.#pieces?.evicted(pieces);
    this.tellDemands();
  }

  /** Tells the session all demands anew: what they are may have changed without the readers. */
  tellDemands(): void {
    for (const [id, demand] of this.#demands) this.#tellDemand(id, demand);
  }

  setFigures({ infoHash: _infoHash, ...session }: TorrentFigures): void {
    const before = this.#figures;
    this.#status = undefined;
    this.#figures = addFigures(this.#pastFigures, session);
    const didArrive = usefulBytes(this.#figures) > usefulBytes(before);
    const didCheck = session.checkedPieces > before.checkedPieces;
    // Peers that come and go, and bring nothing, are no progress for ever.
    if (didArrive || didCheck || session.connectedPeers > this.#mostPeers) {
      this.#mostPeers = session.connectedPeers;
      this.#changed();
    }
  }

  /** The session died, and its connections with it. */
  sessionDied(): void {
    this.#pastFigures = addFigures(this.#figures, NO_FIGURES);
    this.#figures = this.#pastFigures;
    this.#mostPeers = 0;
    this.#isChecked = false;
    this.#storageProblem = undefined;
    this.#status = undefined;
  }

  /** The disk refuses pieces, or takes them again (undefined). */
  setStorageProblem(problem: Failure | undefined): void {
    this.#storageProblem = problem;
    this.#status = undefined;
  }

  /** The torrent cannot go on: every reader, now and later, gets this error. */
  fail(error: StreamError): void {
    if (this.#failure !== undefined) return;
    this.#failure = error;
    this.#status = undefined;
    for (const watcher of this.#watchers) watcher.failed(error);
    this.checks.end();
    this.#metadataSettled.resolve();
  }

  /** Why a read that waits gets nothing: for the person who watches. */
  explainStall(): StreamError {
    return explainStall({ ...this.#figures, problem: this.#storageProblem, isChecked: this.#isChecked });
  }

  status(): TorrentStatus {
    this.#status ??= this.#describe();
    return this.#status;
  }

  map(index: number): FileMap {
    const file = this.#metainfo?.files.find((candidate) => candidate.index === index && !candidate.isPadding);
    if (file === undefined) throw fileNotFound(index);
    return describeMap(file, this.#verifiedRanges(), [...this.#demands.values()]);
  }

  async #awaitMetadata(signal: AbortSignal): Promise<void> {
    this.#metadataWaiters += 1;
    if (this.#metadataWaiters === 1) this.#options.awaitedChanged(true);
    try {
      await this.#metadataSettled.wait(signal);
    } finally {
      this.#metadataWaiters -= 1;
      if (this.#metadataWaiters === 0) this.#options.awaitedChanged(false);
    }
  }

  /** The session hears only of what it has to fetch: a reader of resident bytes costs it nothing. */
  #tellDemand(id: number, demand: Demand | null): void {
    const told = demand && this.#options.admit(demand);
    if (told === null || this.#isVerified(told.range)) {
      if (this.#toldDemands.delete(id)) this.#options.demandChanged(id, undefined);
      return;
    }
    this.#toldDemands.add(id);
    this.#options.demandChanged(id, told);
  }

  #isVerified({ start, end }: ByteRange): boolean {
    const { pieceLengthBytes } = this.geometry;
    for (let piece = Math.floor(start / pieceLengthBytes); piece * pieceLengthBytes < end; piece += 1) {
      if (!this.has(piece)) return false;
    }
    return true;
  }

  #describe(): TorrentStatus {
    const metainfo = this.#metainfo;
    this.#contents ??= this.#describeContents();
    const problem = this.#failure ?? this.#storageProblem;
    return {
      infoHash: this.infoHash,
      name: metainfo?.name ?? this.#options.displayName ?? this.infoHash,
      state: this.#failure !== undefined ? "failed" : metainfo === undefined ? "metadata" : "ready",
      addedAtMs: this.addedAtMs,
      sizeBytes: metainfo?.sizeBytes ?? 0,
      pieceLengthBytes: metainfo?.pieceLengthBytes ?? 0,
      ...this.#contents,
      ...shownFigures(this.#figures),
      activeDemands: this.#demands.size,
      error: problem && { code: problem.code, message: problem.message },
    };
  }

  #describeContents(): Pick<TorrentStatus, "files" | "verifiedBytes"> {
    const verified = this.#verifiedRanges();
    return {
      files: this.#metainfo === undefined ? [] : describeFiles(this.#metainfo, verified),
      verifiedBytes: verified.reduce((sum, { start, end }) => sum + end - start, 0),
    };
  }

  #verifiedRanges(): ByteRange[] {
    return this.#metainfo === undefined ? [] : verifiedRanges(this.#metainfo, (piece) => this.has(piece));
  }

  #tellVerified(piece: number): void {
    for (const watcher of this.#watchers) watcher.pieceVerified(piece);
  }

  #changed(): void {
    this.#status = undefined;
    this.#lastProgressMs = this.#options.clock.nowMs();
  }
}
