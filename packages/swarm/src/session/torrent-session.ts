import { inspect } from "node:util";
import type { Clock, Demand } from "@riptide/core";
import { RiptideError } from "@riptide/core";
import type { Announce, Dht, Lsd } from "../discovery/index.ts";
import type { DownloadLimiter, PartialPiece, PieceMemory, SparePolicy } from "../download/index.ts";
import type { HttpAgents } from "../metainfo/http-get.ts";
import { type Metainfo, parseInfoDictionary } from "../metainfo/index.ts";
import type { Reach } from "../metainfo/resolve-host.ts";
import { uniqueWebSeeds } from "../metainfo/torrent-urls.ts";
import type { Network } from "../network/network.ts";
import { openSeedStore, openTorrentStore, type TorrentStore } from "../storage/index.ts";
import type { PeerAddress } from "../types.ts";
import type { RateLimiter } from "../upload/index.ts";
import type { Utp } from "../utp/index.ts";
import type { Wire } from "../wire/index.ts";
import type { ConnectionBudget, Need } from "./connection-budget.ts";
import { Connections } from "./connections.ts";
import { Discovery } from "./discovery.ts";
import { MetadataExchange } from "./metadata-exchange.ts";
import type { Peer, PeerListener } from "./peer.ts";
import { PeerExchange } from "./peer-exchange.ts";
import { PieceTransfer } from "./piece-transfer.ts";
import type { Failure, SessionEvent, TorrentFigures, TorrentOrder } from "./protocol.ts";

/** Peers worth writing down for the next start: enough to find the others through them. */
const MAX_PROVEN_PEERS = 50;

/** A player whose buffer is full demands nothing for a while: what it needs next should not have to connect again. */
const WANTED_LINGER_MS = 30_000;
/** Who is going to play what they have just added has begun by then. */
const NEW_FOR_MS = 30_000;

/** What all torrents of a session share. */
export interface SessionEnvironment {
  readonly peerId: Uint8Array;
  readonly network: Network;
  readonly utp?: Utp | undefined;
  readonly clock: Clock;
  readonly random: () => number;
  readonly announce: Announce;
  readonly dht: Dht | undefined;
  readonly lsd: Lsd | undefined;
  readonly uploadLimiter: RateLimiter | undefined;
  /** No limit unless given. */
  readonly downloadLimiter?: DownloadLimiter | undefined;
  /** What each torrent fetches while readers have all that they ask for. Default: nothing. */
  readonly sparePolicy?: SparePolicy | undefined;
  /** Connections to web seeds that are kept; each request has its own without them. */
  readonly webAgents?: HttpAgents;
  /** Where peers can reach us; undefined: nowhere. */
  readonly listenPort: number | undefined;
  /** By which families of addresses trackers are told of us, each by itself; undefined: by whichever they have. */
  readonly trackerFamilies?: readonly (4 | 6)[] | undefined;
  readonly budget: ConnectionBudget;
  /** For pieces that are being put together; each torrent has its own without it. */
  readonly memory?: PieceMemory;
  readonly emit: (event: SessionEvent) => void;
}

/**
 * One torrent: finds peers and connects at once; fetches the metadata if it is not known; then moves the pieces that
 * readers demand. Demands that come before the metadata wait for it.
 */
export class TorrentSession implements PeerListener {
  readonly #order: TorrentOrder;
  readonly #environment: SessionEnvironment;
  readonly #connections: Connections;
  readonly #discovery: Discovery;
  readonly #metadata: MetadataExchange;
  readonly #peerExchange: PeerExchange;
  readonly #demands = new Map<number, Demand>();
  #webSeeds: readonly string[];
  #isLocal: boolean;
  #isPrivate: boolean;
  #isAwaited = false;
  #wantedUntilMs = 0;
  readonly #newUntilMs: number;
  readonly #abort = new AbortController();
  #transfer: PieceTransfer | undefined;
  #opening: Promise<void> | undefined;
  #storageProblem: Failure | undefined;
  #provenPeers = "";
  #checkedPieces = 0;
  #metadataBans = 0;

  constructor(order: TorrentOrder, environment: SessionEnvironment) {
    const { infoHash, infoBytes, trackers, peers, provenPeers } = order;
    const { peerId, network, utp, clock, random, announce, dht, lsd, listenPort, trackerFamilies, budget } =
      environment;
    const metainfo = infoBytes && readMetainfo(infoBytes);
    this.#isPrivate = metainfo?.isPrivate === true;
    this.#order = order;
    this.#newUntilMs = clock.nowMs() + (order.isNew === true ? NEW_FOR_MS : 0);
    this.#webSeeds = order.webSeeds ?? [];
    this.#isLocal = order.isLocal ?? false;
    this.#environment = environment;
    this.#connections = new Connections({
      infoHash,
      peerId,
      network,
      utp,
      clock,
      budget,
      need: () => this.#need,
      listener: this,
      greeted: (peer) => this.#transfer?.meet(peer),
    });
    this.#metadata = new MetadataExchange({
      infoHash,
      infoBytes,
      listenPort,
      exchangesPeers: () => !this.#isPrivate,
      clock,
      found: (bytes) => this.#foundMetadata(bytes),
      lied: (peer) => {
        this.#metadataBans += 1;
        this.#connections.ban(peer.address.host, "its metadata has another info hash");
      },
    });
    this.#peerExchange = new PeerExchange({
      clock,
      peers: () => this.#connections.peers.values(),
      pexIdOf: (peer) => this.#metadata.handshakeOf(peer)?.utPexId,
      found: (found) => this.#connections.learn(found, "found"),
    });
    this.#discovery = new Discovery({
      infoHash,
      peerId,
      trackers,
      announce,
      dht,
      lsd,
      clock,
      random,
      listenPort,
      trackerFamilies,
      reach: () => this.#reach,
      transferred: () => this.#transferred(),
      connectedPeers: () => this.#connections.peers.size,
      isUrgent: () => this.#need !== "idle",
      found: (found) => this.#connections.learn(found, "found"),
      isPrivate: this.#isPrivate,
      switched: () => this.#connections.forgetFound("the tracker of a private torrent was switched"),
    });
    // The disk is looked at while peers are dialled: who answers is told at once what there is.
    if (infoBytes !== undefined) this.#foundMetadata(infoBytes, metainfo);
    this.#connections.learn(peers, "given");
    this.#connections.learn(provenPeers, "found");
    this.#discovery.startPublic();
  }

  /** Takes an incoming connection, or refuses it with undefined. */
  accept(wire: Wire): Peer | undefined {
    return this.#connections.accept(wire);
  }

  learn(
    peers: readonly PeerAddress[],
    trackers: readonly (readonly string[])[],
    infoBytes: Uint8Array | undefined,
    { webSeeds = [], isLocal = false }: Pick<TorrentOrder, "webSeeds" | "isLocal"> = {},
  ): void {
    this.#isLocal &&= isLocal;
    this.#webSeeds = uniqueWebSeeds([...this.#webSeeds, ...webSeeds]);
    this.#transfer?.learnWebSeeds(this.#webSeeds);
    this.#connections.learn(peers, "given");
    this.#discovery.learn(trackers);
    if (infoBytes !== undefined && this.#opening === undefined) this.#foundMetadata(infoBytes);
  }

  setDemand(id: number, demand: Demand | undefined): void {
    if (demand === undefined) this.#demands.delete(id);
    else this.#demands.set(id, demand);
    this.#transfer?.setDemand(id, demand);
    this.#needChanged();
  }

  /** Gives up pieces that are there, and says so once their bytes are gone. */
  evict(pieces: readonly number[]): void {
    void this.#transfer?.evict(pieces);
  }

  /** Hashes once more what the disk gives back for a piece, and says whether it is right. */
  check(piece: number): void {
    void this.#transfer?.check(piece);
  }

  /** Whether somebody waits for the metadata. */
  setAwaited(isAwaited: boolean): void {
    this.#isAwaited = isAwaited;
    this.#needChanged();
  }

  figures(): TorrentFigures {
    const transfer = this.#transfer;
    const uploaded = transfer?.uploads.uploaded;
    const stats = transfer?.stats;
    return {
      infoHash: this.#order.infoHash,
      downloadedBytes: transfer?.downloaded.totalBytes ?? 0,
      webSeedBytes: stats?.webSeedBytes ?? 0,
      wastedBytes: stats?.wastedBytes ?? 0,
      uploadedBytes: uploaded?.totalBytes ?? 0,
      downloadBytesPerSecond: Math.round(transfer?.downloaded.bytesPerSecond ?? 0),
      uploadBytesPerSecond: Math.round(uploaded?.bytesPerSecond ?? 0),
      connectedPeers: this.#connections.peers.size,
      connectingPeers: this.#connections.dials,
      knownPeers: this.#connections.book.size,
      bannedHosts: this.#connections.book.bannedHostCount,
      pieceBans: stats?.bans ?? 0,
      metadataBans: this.#metadataBans,
      hashFailures: stats?.hashFailures ?? 0,
      checkedPieces: this.#checkedPieces,
    };
  }

  /** Disconnects, says goodbye to the trackers, and writes down what has arrived so far. */
  async close(): Promise<void> {
    this.#abort.abort();
    await Promise.all([this.#disconnect(), this.#closeTransfer()]);
  }

  peerHandshook(peer: Peer): void {
    if (this.#transfer === undefined) {
      peer.announceNothing();
      // It can unchoke us while it sends the metadata, or while we look at our disk, where nothing of a new torrent lies.
      if (this.#opening === undefined || this.#order.isNew === true) peer.hopeForPieces();
    } else this.#transfer.join(peer);
    this.#metadata.join(peer);
  }

  peerExtended(peer: Peer, extensionId: number, payload: Uint8Array): void {
    const handshake = this.#metadata.extended(peer, extensionId, payload);
    if (handshake !== undefined) this.#transfer?.setQueueLimit(peer, handshake.requestQueueDepth);
    this.#peerExchange.extended(peer, extensionId, payload);
  }

  peerToldDhtPort(peer: Peer, port: number): void {
    if (!this.#isPrivate) this.#environment.dht?.addNode({ host: peer.address.host, port });
  }

  peerClosed(peer: Peer): void {
    this.#metadata.leave(peer);
    this.#transfer?.leave(peer);
  }

  /** Tells the main thread which peers are worth trying first next time. */
  reportProvenPeers(): void {
    const peers = this.#connections.book.proven(MAX_PROVEN_PEERS);
    const spelled = JSON.stringify(peers);
    if (spelled === this.#provenPeers) return;
    this.#provenPeers = spelled;
    this.#environment.emit({ type: "provenPeers", infoHash: this.#order.infoHash, peers });
  }

  /** As far as whoever named the torrent may send us. */
  get #reach(): Reach {
    return this.#isLocal ? "anywhere" : "public";
  }

  get #need(): Need {
    const nowMs = this.#environment.clock.nowMs();
    const isWanted = this.#demands.size > 0 || this.#isAwaited;
    if (isWanted || nowMs < this.#wantedUntilMs) return "wanted";
    return this.#opening === undefined || nowMs < this.#newUntilMs ? "unknown" : "idle";
  }

  #needChanged(): void {
    this.#wantedUntilMs = this.#environment.clock.nowMs() + WANTED_LINGER_MS;
    this.#connections.dialDue();
  }

  #foundMetadata(infoBytes: Uint8Array, metainfo?: Metainfo): void {
    this.#opening ??= this.#open(infoBytes, metainfo).catch(async (error: unknown) => {
      if (this.#abort.signal.aborted) return;
      this.#environment.emit({ type: "failed", infoHash: this.#order.infoHash, failure: describeFailure(error) });
      await this.#disconnect();
    });
  }

  async #closeTransfer(): Promise<void> {
    await this.#opening;
    await this.#transfer?.close();
  }

  /** Closes the connections before it returns; then it takes a second at most. */
  async #disconnect(): Promise<void> {
    this.#connections.close();
    this.#peerExchange.close();
    await this.#discovery.close();
  }

  async #open(infoBytes: Uint8Array, metainfo = parseInfoDictionary(infoBytes)): Promise<void> {
    this.#metadata.complete(infoBytes);
    if (metainfo.isPrivate) this.#goPrivate();
    const store = await this.#openStore(metainfo);
    // Loose blocks of an earlier session are only a head start.
    const partials = await store.loadPartials().catch(() => []);
    if (this.#abort.signal.aborted) return await store.close();
    this.#startTransfer(metainfo, store, partials);
  }

  /** BEP 27: peers come from the own trackers only. A magnet does not say so: who was found in public until now is forgotten. */
  #goPrivate(): void {
    this.#peerExchange.close();
    if (!this.#isPrivate) this.#connections.forgetFound("the torrent is private");
    this.#isPrivate = true;
    this.#discovery.goPrivate();
  }

  #startTransfer(metainfo: Metainfo, store: TorrentStore, partials: readonly PartialPiece[]): void {
    const { infoHash, infoBytes } = metainfo;
    const { network, clock, random, uploadLimiter, downloadLimiter, webAgents, emit } = this.#environment;
    const { sparePolicy = "nothing", memory } = this.#environment;
    const shared = new SharedArrayBuffer(store.verified.length);
    const verified = new Uint8Array(shared);
    verified.set(store.verified);
    const transfer = new PieceTransfer({
      metainfo,
      store,
      verified,
      partials,
      connections: this.#connections,
      clock,
      random,
      uploadLimiter,
      shares: { allowance: downloadLimiter?.allowance(), memory },
      webSeeds: { urls: this.#webSeeds, network, agents: webAgents, reach: () => this.#reach },
      sparePolicy,
      pieceVerified: (piece) => {
        emit({ type: "verified", piece, figures: this.figures() });
        if (transfer.isComplete) this.#discovery.completed();
      },
      piecesEvicted: (pieces) => emit({ type: "evicted", infoHash, pieces }),
      pieceChecked: (piece, isRight) => emit({ type: "checked", infoHash, piece, isRight }),
      storageProblem: (error) => this.#reportStorage(error),
    });
    this.#transfer = transfer;
    emit({ type: "ready", infoHash, infoBytes, verified: shared });
    for (const [id, demand] of this.#demands) transfer.setDemand(id, demand);
    for (const peer of this.#connections.greeted()) transfer.meet(peer);
    for (const peer of this.#connections.peers.values()) {
      transfer.join(peer);
      const handshake = this.#metadata.handshakeOf(peer);
      if (handshake !== undefined) transfer.setQueueLimit(peer, handshake.requestQueueDepth);
    }
  }

  #openStore(metainfo: Metainfo): Promise<TorrentStore> {
    const { directory, seedPaths, reclaimsSpace } = this.#order;
    const { signal } = this.#abort;
    if (seedPaths !== undefined) return openSeedStore({ metainfo, paths: seedPaths });
    const pieceChecked = (): void => {
      this.#checkedPieces += 1;
    };
    return openTorrentStore({ directory, metainfo, signal, pieceChecked, reclaimsSpace });
  }

  #reportStorage(error: unknown): void {
    const problem = error === undefined ? undefined : describeFailure(error);
    if (problem?.code === this.#storageProblem?.code) return;
    this.#storageProblem = problem;
    this.#environment.emit({ type: "storage", infoHash: this.#order.infoHash, problem });
  }

  #transferred(): { uploadedBytes: number; downloadedBytes: number; leftBytes: number } {
    const { downloadedBytes, uploadedBytes } = this.figures();
    // BEP 3 has no word for "unknown"; a tracker only tells seeds from leechers by it.
    return { downloadedBytes, uploadedBytes, leftBytes: this.#transfer?.isComplete === true ? 0 : 1 };
  }
}

/** Undefined for a damaged one: opening the torrent says why. */
function readMetainfo(infoBytes: Uint8Array): Metainfo | undefined {
  try {
    return parseInfoDictionary(infoBytes);
  } catch {
    return undefined;
  }
}

function describeFailure(error: unknown): Failure {
  const detail = inspect(error);
  if (error instanceof RiptideError) return { code: error.code, message: error.message, detail };
  const message = "The torrent could not be opened. Look at the log for the reason.";
  return { code: "storage_failed", message, detail };
}
