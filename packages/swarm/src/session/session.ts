import { randomBytes } from "node:crypto";
import { isIPv4, isIPv6, type Socket } from "node:net";
import type { Clock } from "@riptide/core";
import { createDht, createLsd, createTrackerClient, type Dht, type Lsd, openMulticast } from "../discovery/index.ts";
import { DownloadLimiter, PieceMemory } from "../download/index.ts";
import { Network, openPeerServers, type PeerServers } from "../network/index.ts";
import { type PortMapping, startPortMapping } from "../port-mapping/index.ts";
import type { PeerAddress } from "../types.ts";
import { RateLimiter } from "../upload/index.ts";
import { startUtp, type Utp, type UtpOptions } from "../utp/index.ts";
import { createWebAgents } from "../webseed/index.ts";
import { type AcceptOptions, acceptWire } from "../wire/index.ts";
import { ConnectionBudget } from "./connection-budget.ts";
import type { SessionCommand, SessionEvent, SessionSettings } from "./protocol.ts";
import { type SessionEnvironment, TorrentSession } from "./torrent-session.ts";

/**
 * Incoming connections whose handshake is not done: it takes a round trip or two. When there are more, the oldest goes, so
 * that strangers who say nothing cannot keep out those who do. They come on top of those that torrents share.
 */
const MAX_INCOMING_HANDSHAKES = 64;
/** The figures of each torrent are told this often, if they changed. */
const FIGURES_MS = 500;
const PROVEN_PEERS_MS = 30_000;
/** BEP 20 (Azureus style): client "RT", version 0.1.0. */
const PEER_ID_PREFIX = "-RT0100-";

export interface SessionOptions {
  readonly settings: SessionSettings;
  readonly clock: Clock;
  readonly emit: (event: SessionEvent) => void;
}

/** Starts a session: it listens for peers before it takes its first command. Rejects if it cannot listen at all. */
export async function openSession(options: SessionOptions): Promise<Session> {
  const { settings, clock } = options;
  const network = new Network(settings.network ?? {});
  const hosts = network.listenHosts(settings.peerHost);
  let session: Session | undefined;
  const accept = (socket: Socket, from?: PeerAddress): void => {
    if (session === undefined) socket.destroy();
    else session.accept(socket, from);
  };
  const servers = await openPeerServers({ hosts, port: settings.peerPort }, accept);
  const [dht, lsd] = await Promise.all([openDht(settings, clock, servers), openLsd(settings, clock, servers)]);
  const utp = openUtp(options, servers, accept);
  session = new Session(options, { network, servers, utp, dht, lsd });
  return session;
}

/** What a session reaches others by, and others it. */
interface Reach {
  readonly network: Network;
  readonly servers: PeerServers;
  readonly utp: Utp | undefined;
  readonly dht: Dht | undefined;
  readonly lsd: Lsd | undefined;
}

/** All torrents of this process: one listening port, one DHT node, one identity. Runs in a worker thread. */
export class Session {
  readonly #options: SessionOptions;
  readonly #torrents = new Map<string, TorrentSession>();
  readonly #environment: SessionEnvironment;
  readonly #servers: PeerServers;
  readonly #webAgents = createWebAgents();
  readonly #portMapping: PortMapping | undefined;
  #figuresTimer: Disposable | undefined;
  #provenTimer: Disposable | undefined;
  readonly #lastFigures = new Map<string, string>();
  /** Incoming connections whose handshake is not done, the oldest first. */
  readonly #greeting = new Set<Socket>();
  readonly #removals = new Set<Promise<void>>();

  constructor(options: SessionOptions, { network, servers, utp, dht, lsd }: Reach) {
    const { settings, clock, emit } = options;
    this.#options = options;
    this.#servers = servers;
    this.#environment = {
      peerId: Buffer.concat([Buffer.from(PEER_ID_PREFIX, "latin1"), randomBytes(12)]),
      network,
      utp,
      clock,
      random: Math.random,
      announce: createTrackerClient(clock, network),
      dht,
      lsd,
      uploadLimiter: createUploadLimiter(settings, clock),
      downloadLimiter: createDownloadLimiter(settings),
      sparePolicy: settings.sparePolicy,
      webAgents: this.#webAgents,
      listenPort: servers.port || undefined,
      trackerFamilies: isOfBothFamilies(servers) ? [4, 6] : undefined,
      budget: new ConnectionBudget(),
      memory: new PieceMemory(),
      emit,
    };
    this.#portMapping = mapPort(options, network, servers);
    emit({ type: "listening", port: servers.port });
    this.#tellFigures();
    this.#tellProvenPeers();
  }

  /** A stranger has connected, `from` being its address if the socket is not the one to ask. */
  accept(socket: Socket, from?: PeerAddress): void {
    const { peerId } = this.#environment;
    this.#greeting.add(socket);
    socket.once("close", () => this.#greeting.delete(socket));
    const [oldest] = this.#greeting;
    if (this.#greeting.size > MAX_INCOMING_HANDSHAKES) oldest?.destroy();
    const options: AcceptOptions = {
      torrents: () => this.#torrents.keys(),
      route: (infoHash, wire) => {
        this.#greeting.delete(socket);
        const handler = this.#torrents.get(infoHash)?.accept(wire);
        return handler === undefined ? null : { handler, peerId };
      },
    };
    acceptWire(socket, options, from);
  }

  handle(command: SessionCommand): void {
    switch (command.type) {
      case "add": {
        const { infoHash } = command.order;
        if (!this.#torrents.has(infoHash)) {
          this.#torrents.set(infoHash, new TorrentSession(command.order, this.#environment));
        }
        return;
      }
      case "learn":
        this.#torrents.get(command.infoHash)?.learn(command.peers, command.trackers, command.infoBytes, command);
        return;
      case "demand":
        this.#torrents.get(command.infoHash)?.setDemand(command.id, command.demand);
        return;
      case "evict":
        this.#torrents.get(command.infoHash)?.evict(command.pieces);
        return;
      case "check":
        this.#torrents.get(command.infoHash)?.check(command.piece);
        return;
      case "await":
        this.#torrents.get(command.infoHash)?.setAwaited(command.isAwaited);
        return;
      case "remove": {
        const removal = this.#remove(command.infoHash).finally(() => this.#removals.delete(removal));
        this.#removals.add(removal);
        return;
      }
      case "close":
        void this.#close();
        return;
    }
  }

  async #remove(infoHash: string): Promise<void> {
    const torrent = this.#torrents.get(infoHash);
    this.#torrents.delete(infoHash);
    this.#lastFigures.delete(infoHash);
    await torrent?.close().catch(() => undefined);
    this.#options.emit({ type: "removed", infoHash });
  }

  async #close(): Promise<void> {
    this.#figuresTimer?.[Symbol.dispose]();
    this.#provenTimer?.[Symbol.dispose]();
    this.#servers.close();
    for (const socket of this.#greeting) socket.destroy();
    await Promise.allSettled([...this.#removals, ...[...this.#torrents.values()].map((torrent) => torrent.close())]);
    this.#webAgents.close();
    const { utp, dht, lsd } = this.#environment;
    await Promise.all([utp?.close(), dht?.close(), lsd?.close(), this.#portMapping?.close()]);
    this.#options.emit({ type: "closed" });
  }

  #tellFigures(): void {
    const changed = [...this.#torrents.values()]
      .map((torrent) => torrent.figures())
      .filter((figures) => {
        const spelled = JSON.stringify(figures);
        if (this.#lastFigures.get(figures.infoHash) === spelled) return false;
        this.#lastFigures.set(figures.infoHash, spelled);
        return true;
      });
    if (changed.length > 0) this.#options.emit({ type: "figures", torrents: changed });
    this.#figuresTimer = this.#options.clock.setTimer(FIGURES_MS, () => this.#tellFigures());
  }

  #tellProvenPeers(): void {
    for (const torrent of this.#torrents.values()) torrent.reportProvenPeers();
    this.#provenTimer = this.#options.clock.setTimer(PROVEN_PEERS_MS, () => this.#tellProvenPeers());
  }
}

/**
 * Without a DHT node there are still trackers, peer exchange and peers that were named: no reason not to start. The library
 * knows the IPv4 DHT only (BEP 5, not BEP 32), which brings peers that are reached by IPv4.
 */
async function openDht({ dht }: SessionSettings, clock: Clock, servers: PeerServers): Promise<Dht | undefined> {
  const host = searchedHosts(servers).find(isIPv4);
  if (dht === undefined || host === undefined) return undefined;
  const bootstrap = dht.bootstrap.length > 0 ? { bootstrap: dht.bootstrap } : {};
  return await createDht({ clock, host, ...bootstrap }).catch(() => undefined);
}

/** The same where the port of the local network's groups cannot be had. */
async function openLsd({ lsd }: SessionSettings, clock: Clock, servers: PeerServers): Promise<Lsd | undefined> {
  const hosts = searchedHosts(servers);
  if (!lsd || hosts.length === 0) return undefined;
  const options = { hosts, listenPort: servers.port, clock, random: Math.random, openMulticast };
  return await createLsd(options).catch(() => undefined);
}

/** UDP has a port of the same number, where those look who know our address. utp-native knows IPv4 only. */
function openUtp(
  { settings, clock, emit }: SessionOptions,
  servers: PeerServers,
  accept: UtpOptions["accept"],
): Utp | undefined {
  const host = searchedHosts(servers).find(isIPv4);
  if (settings.utp !== true || host === undefined) return undefined;
  return startUtp({ host, port: servers.port, clock, accept, unavailable: (why) => emit({ type: "noUtp", why }) });
}

/** Peers are looked for by datagrams where they can connect to us, and so never around a proxy. */
function searchedHosts({ hosts }: PeerServers): readonly string[] {
  return hosts.flatMap((host) => (host === "::" ? ["0.0.0.0", host] : [host]));
}

function isOfBothFamilies(servers: PeerServers): boolean {
  const hosts = searchedHosts(servers);
  return hosts.some(isIPv4) && hosts.some(isIPv6);
}

/** Routers map ports of IPv4; nobody connects to us through a proxy. */
function mapPort(
  { settings, clock, emit }: SessionOptions,
  network: Network,
  servers: PeerServers,
): PortMapping | undefined {
  const { portMapping } = settings;
  if (portMapping === undefined || !searchedHosts(servers).some(isIPv4)) return undefined;
  const told = (problem: string | undefined): void => emit({ type: "portMapping", problem });
  return startPortMapping({ settings: portMapping, network, clock, port: servers.port, told });
}

function createUploadLimiter({ uploadBytesPerSecond }: SessionSettings, clock: Clock): RateLimiter | undefined {
  return uploadBytesPerSecond === undefined ? undefined : new RateLimiter(uploadBytesPerSecond, clock);
}

function createDownloadLimiter({ downloadBytesPerSecond }: SessionSettings): DownloadLimiter | undefined {
  return downloadBytesPerSecond === undefined ? undefined : new DownloadLimiter(downloadBytesPerSecond);
}
