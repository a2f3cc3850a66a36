import { type Clock, type Demand, RiptideError } from "@riptide/core";
import { clearBit, countBits, hasBit, setBit } from "../bits.ts";
import {
  ChosenFiles,
  DemandPlans,
  Downloader,
  type DownloaderOptions,
  type PartialPiece,
  type SparePolicy,
} from "../download/index.ts";
import type { Metainfo } from "../metainfo/index.ts";
import { hashOfPiece, isRightPiece } from "../metainfo/piece-hash.ts";
import { playableFiles } from "../metainfo/playable-files.ts";
import type { TorrentStore } from "../storage/index.ts";
import type { BlockRequest } from "../types.ts";
import type { RateLimiter } from "../upload/index.ts";
import { WebSeeds, type WebSeedsOptions } from "../webseed/index.ts";
import type { BlockTarget } from "../wire/index.ts";
import type { Connections } from "./connections.ts";
import { GivenUpPieces } from "./given-up-pieces.ts";
import { PartialKeeper } from "./partial-keeper.ts";
import { type Peer, type PeerTransfer, SENDS_UNREQUESTED } from "./peer.ts";
import { RateMeter } from "./rate-meter.ts";
import { UploadSlots } from "./upload-slots.ts";

/** How often the scheduler looks at late blocks and silent peers. */
const SCHEDULE_TICK_MS = 50;
/** Verified pieces are made durable, and interest reviewed, this often. */
const HOUSEKEEPING_MS = 1_000;
/** After the disk refused a piece, downloading rests this long before it tries again. */
const STORAGE_RETRY_MS = 5_000;
/** So often in a row, half a minute: its connection may be dead, which TCP takes minutes to find out. It is dialled anew. */
const MAX_SILENCES = 3;

export interface PieceTransferOptions {
  readonly metainfo: Metainfo;
  readonly store: TorrentStore;
  /** Shared with the main thread; bits are set here once a piece is verified and written. */
  readonly verified: Uint8Array;
  /** Loose blocks that an earlier session left behind. */
  readonly partials: readonly PartialPiece[];
  readonly connections: Connections;
  readonly clock: Clock;
  readonly random: () => number;
  readonly uploadLimiter: RateLimiter | undefined;
  /** The torrent's part of what all have to download with. */
  readonly shares: Pick<DownloaderOptions, "allowance" | "memory">;
  readonly webSeeds: Pick<WebSeedsOptions, "network" | "agents" | "reach"> & { readonly urls: readonly string[] };
  /** What is fetched while readers have all that they ask for. */
  readonly sparePolicy: SparePolicy;
  readonly pieceVerified: (piece: number) => void;
  /** These were given up, and their bytes are gone from the disk. */
  readonly piecesEvicted: (pieces: readonly number[]) => void;
  /** A piece was hashed once more, and given up if it was not right. */
  readonly pieceChecked: (piece: number, isRight: boolean) => void;
  /** The disk refused a piece, with its error; undefined = it takes them again. */
  readonly storageProblem: (error: unknown) => void;
}

/** Moves the pieces of one torrent: demands in, verified pieces out to disk, and uploads to whoever deserves them. */
export class PieceTransfer implements PeerTransfer {
  readonly downloaded: RateMeter;
  readonly uploads: UploadSlots;
  readonly #options: PieceTransferOptions;
  readonly #downloader: Downloader;
  readonly #webSeeds: WebSeeds;
  readonly #plans: DemandPlans;
  readonly #chosen: ChosenFiles;
  readonly #abort = new AbortController();
  readonly #partials: PartialKeeper;
  readonly #givenUp: GivenUpPieces;
  readonly #writes = new Set<Promise<void>>();
  #verifiedCount: number;
  #scheduleTimer: Disposable | undefined;
  #housekeepingTimer: Disposable | undefined;
  #storageRetry: Disposable | undefined;
  /** Why the last write, and the last sync, failed; undefined = they did not. */
  #writeProblem: unknown;
  #syncProblem: unknown;
  #isClosed = false;

  constructor(options: PieceTransferOptions) {
    const { metainfo, clock, verified, store } = options;
    this.#options = options;
    this.downloaded = new RateMeter(clock.nowMs());
    this.#verifiedCount = countBits(verified);
    this.#plans = new DemandPlans(metainfo, (piece) => this.#has(piece));
    this.#chosen = new ChosenFiles(metainfo, playableFiles(metainfo));
    this.uploads = new UploadSlots({
      geometry: metainfo,
      clock,
      random: options.random,
      limiter: options.uploadLimiter,
      has: (piece) => this.#has(piece),
      isSeed: () => this.isComplete,
      read: (offset, length, { signal }) => store.read(offset, length, { signal }),
      downloadRate: (peer) => this.#downloader.peerStats(peer.key).bytesPerSecond,
    });
    this.#downloader = new Downloader({
      geometry: metainfo,
      have: verified,
      ...options.shares,
      verify: (piece, bytes) => isRightPiece(metainfo, piece, bytes),
      hash: (piece) => hashOfPiece(metainfo, piece),
      output: {
        request: (key, blocks) => (this.#webSeeds.get(key) ?? this.#peer(key)?.wire)?.request(blocks),
        cancel: (key, blocks) => (this.#webSeeds.get(key) ?? this.#peer(key)?.wire)?.cancel(blocks),
        pieceVerified: (piece, bytes) => this.#store(piece, bytes),
        pieceFailed: () => undefined,
        // The downloader is in the middle of a call: the connections are closed right after it.
        ban: (_key, host, reason) => queueMicrotask(() => this.#ban(host, reason)),
        bufferReleased: (buffer) => {
          for (const peer of options.connections.peers.values()) peer.wire.withdrawTarget(buffer);
        },
      },
    });
    const { urls, ...webSeeds } = options.webSeeds;
    const onReceived = (bytes: number): void => this.downloaded.add(bytes);
    this.#webSeeds = new WebSeeds({ ...webSeeds, metainfo, clock, sink: this.#downloader, onReceived });
    this.#webSeeds.learn(urls);
    for (const { piece, blocks, bytes } of options.partials) {
      this.#downloader.importPartial(piece, blocks, bytes, clock.nowMs());
    }
    this.#partials = new PartialKeeper({
      clock,
      current: () => this.#downloader.partialPieces(),
      export: (pieces) => this.#downloader.exportPartials(pieces),
      isVerified: (piece) => this.#has(piece),
      save: (pieces) => store.savePartials(pieces),
      load: () => store.loadPartials(),
      downloadedBytes: () => this.#downloader.stats.downloadedBytes,
      saved: options.partials.map(({ piece }) => piece),
    });
    this.#givenUp = new GivenUpPieces({
      store,
      clock,
      has: (piece) => this.#has(piece),
      forget: (piece) => this.#forget(piece),
      evicted: options.piecesEvicted,
      checked: options.pieceChecked,
      reviewed: () => this.#reportStorage(),
    });
    this.#housekeepingTimer = clock.setTimer(HOUSEKEEPING_MS, () => this.#keepHouse());
  }

  get isComplete(): boolean {
    return this.#verifiedCount === this.#options.metainfo.pieceCount;
  }

  get stats() {
    return { ...this.#downloader.stats, webSeedBytes: this.#webSeeds.receivedBytes };
  }

  /** A peer that takes the connection, and has said nothing yet. */
  meet(peer: Peer): void {
    if (!this.isComplete) peer.speakFirst(this.#options.verified);
  }

  /** A peer with a finished handshake: says what we have and that we want the rest, then listens to what it said so far. */
  join(peer: Peer): void {
    const { isComplete } = this;
    this.#downloader.addPeer(peer.key, peer.address.host, this.#nowMs());
    peer.announce(this.#options.verified, { isComplete });
    // It does not have to say first what it has: that there is nothing for us among it is rare, and seen soon.
    if (!isComplete && !peer.amInterested) peer.hopeForPieces();
    peer.attach(this);
  }

  leave(peer: Peer): void {
    this.uploads.leave(peer);
    this.#downloader.removePeer(peer.key, this.#nowMs());
  }

  setQueueLimit(peer: Peer, requestQueue: number): void {
    this.#downloader.peerQueueLimit(peer.key, requestQueue);
  }

  learnWebSeeds(urls: readonly string[]): void {
    this.#webSeeds.learn(urls);
  }

  setDemand(id: number, demand: Demand | undefined): void {
    const nowMs = this.#nowMs();
    // After a rest, peers that were silent before it may be asked again.
    if (this.#scheduleTimer === undefined) this.#downloader.tick(nowMs);
    this.#downloader.setDeadlines(id, this.#plans.set(id, demand, nowMs), nowMs);
    if (demand !== undefined && this.#chosen.note(demand)) this.#chooseSpare();
    this.#schedule();
  }

  evict(pieces: readonly number[]): Promise<void> {
    return this.#givenUp.evict(pieces);
  }

  /** Hashes once more what the disk gives back for a piece. */
  check(piece: number): Promise<void> {
    return this.#givenUp.check(piece);
  }

  choked(peer: Peer): void {
    this.#downloader.peerChoked(peer.key, this.#nowMs());
  }

  unchoked(peer: Peer): void {
    this.#downloader.peerUnchoked(peer.key, this.#nowMs());
  }

  interestChanged(peer: Peer): void {
    this.uploads.interestChanged(peer, this.#options.connections.peers.values());
  }

  have(peer: Peer, piece: number): void {
    if (piece >= this.#options.metainfo.pieceCount) return peer.wire.close("has a piece that does not exist");
    this.#downloader.peerHave(peer.key, piece, this.#nowMs());
    this.#reviewInterest(peer);
  }

  bitfield(peer: Peer, bits: Uint8Array): void {
    // BEP 3: "Clients should drop the connection if they receive bitfields that are not of the correct size".
    if (bits.length !== this.#options.verified.length) return peer.wire.close("bitfield of the wrong size");
    this.#downloader.peerBitfield(peer.key, bits, this.#nowMs());
    this.#reviewInterest(peer);
  }

  haveAll(peer: Peer): void {
    this.#downloader.peerHaveAll(peer.key, this.#nowMs());
    this.#reviewInterest(peer);
  }

  haveNone(peer: Peer): void {
    this.#downloader.peerHaveNone(peer.key, this.#nowMs());
    this.#reviewInterest(peer);
  }

  requested(peer: Peer, block: BlockRequest): void {
    peer.usedAtMs = this.#nowMs();
    this.uploads.requested(peer, block);
  }

  requestCancelled(peer: Peer, block: BlockRequest): void {
    this.uploads.cancelled(peer, block);
  }

  rejected(peer: Peer, block: BlockRequest): void {
    this.#downloader.rejected(peer.key, block, this.#nowMs());
  }

  blockTarget(peer: Peer, block: BlockRequest): BlockTarget | null {
    return this.#downloader.blockTarget(peer.key, block);
  }

  blockArrived(peer: Peer, block: BlockRequest, stored: boolean): void {
    peer.usedAtMs = this.#nowMs();
    this.downloaded.add(block.length);
    this.#downloader.blockArrived(peer.key, block, stored, this.#nowMs());
    if (this.#downloader.isFlooding(peer.key)) peer.wire.close(SENDS_UNREQUESTED);
  }

  readEnded(peer: Peer): void {
    this.#downloader.readEnded(peer.key, this.#nowMs());
  }

  /** Stops moving, and writes down what has arrived so far. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#scheduleTimer?.[Symbol.dispose]();
    this.#housekeepingTimer?.[Symbol.dispose]();
    this.#storageRetry?.[Symbol.dispose]();
    this.#givenUp.close();
    this.#webSeeds.close();
    this.uploads.close();
    await Promise.all(this.#writes);
    this.#abort.abort();
    const { store } = this.#options;
    try {
      await store.sync();
      if (!this.isComplete) await this.#partials.close();
    } finally {
      this.#downloader[Symbol.dispose]();
      await store.close();
    }
  }

  #chooseSpare(): void {
    const { sparePolicy } = this.#options;
    if (sparePolicy !== "nothing") this.#downloader.setSpare(sparePolicy, this.#chosen.latestFirst, this.#nowMs());
  }

  #ban(host: string, reason: string): void {
    this.#webSeeds.ban(host);
    this.#options.connections.ban(host, reason);
  }

  #peer(key: number): Peer | undefined {
    return this.#options.connections.peers.get(key);
  }

  #has(piece: number): boolean {
    return hasBit(this.#options.verified, piece);
  }

  #store(piece: number, bytes: Uint8Array): void {
    const write = this.#write(piece, bytes).finally(() => this.#writes.delete(write));
    this.#writes.add(write);
  }

  async #write(piece: number, bytes: Uint8Array): Promise<void> {
    const { store } = this.#options;
    try {
      await store.write(piece, bytes, { signal: this.#abort.signal });
    } catch (error) {
      this.#downloader.pieceStoreFailed(piece, this.#nowMs());
      if (!this.#isClosed) this.#pauseForStorage(error);
      return;
    }
    // The bytes are in the file before anybody is told that they are: readers go straight to the file.
    setBit(this.#options.verified, piece);
    this.#verifiedCount += 1;
    store.markVerified(piece);
    this.#writeProblem = undefined;
    this.#reportStorage();
    this.#options.pieceVerified(piece);
    const lacking = this.#downloader.pieceStored(piece, this.#nowMs());
    if (!this.#isClosed) for (const key of lacking) this.#peer(key)?.wire.have(piece);
  }

  /** A full or broken disk ends no stream: what is there is served, the rest waits for room. */
  #pauseForStorage(error: unknown): void {
    this.#writeProblem = error;
    if (error instanceof RiptideError && error.code === "disk_full") this.#partials.giveWay();
    this.#reportStorage();
    this.#downloader.pause(this.#nowMs());
    this.#storageRetry ??= this.#options.clock.setTimer(STORAGE_RETRY_MS, () => {
      this.#storageRetry = undefined;
      this.#downloader.resume(this.#nowMs());
    });
  }

  #forget(piece: number): void {
    clearBit(this.#options.verified, piece);
    this.#verifiedCount -= 1;
    this.#downloader.pieceEvicted(piece);
    // Whoever has it was of no interest while we had all that they have.
    for (const peer of this.#options.connections.peers.values()) this.#reviewInterest(peer);
  }

  async #sync(): Promise<void> {
    try {
      await this.#options.store.sync();
      this.#syncProblem = undefined;
    } catch (error) {
      this.#syncProblem = error;
    }
    this.#reportStorage();
  }

  #reportStorage(): void {
    if (!this.#isClosed) this.#options.storageProblem(this.#writeProblem ?? this.#syncProblem ?? this.#givenUp.problem);
  }

  #reviewInterest(peer: Peer): void {
    peer.setInterested(this.#downloader.isInteresting(peer.key));
  }

  /** Ticks for as long as there is something to schedule: hundreds of torrents may wait for somebody to play them. */
  #schedule(): void {
    if (this.#isClosed || this.#downloader.isIdle) return;
    this.#scheduleTimer ??= this.#options.clock.setTimer(SCHEDULE_TICK_MS, () => {
      this.#scheduleTimer = undefined;
      this.#downloader.tick(this.#nowMs());
      this.#schedule();
    });
  }

  #keepHouse(): void {
    const { clock, connections } = this.#options;
    this.downloaded.sample(clock.nowMs());
    for (const peer of connections.peers.values()) {
      if (peer.amInterested) this.#reviewInterest(peer);
      if (this.#downloader.peerStats(peer.key).silences >= MAX_SILENCES) peer.wire.close("stays silent");
    }
    this.uploads.review(connections.peers.values());
    const nowMs = this.#nowMs();
    for (const [id, deadlines] of this.#plans.renew(nowMs)) this.#downloader.setDeadlines(id, deadlines, nowMs);
    // Peers may have come, or brought, what was not to be had.
    this.#chooseSpare();
    this.#schedule();
    void this.#sync();
    this.#partials.review();
    this.#housekeepingTimer = clock.setTimer(HOUSEKEEPING_MS, () => this.#keepHouse());
  }

  #nowMs(): number {
    return this.#options.clock.nowMs();
  }
}
