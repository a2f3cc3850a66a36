import { mkdtemp, open, rm } from "node:fs/promises";
import type net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { assertInvariant, type Demand } from "@riptide/core";
import {
  createRandom,
  isAway,
  type ScenarioLeecher,
  type ScenarioWebSeed,
  type SimulatedPeerOptions,
  type VirtualClock,
} from "@riptide/sim";
import { Deferred } from "../../src/engine/deferred.ts";
import type { Metainfo } from "../../src/metainfo/index.ts";
import { ConnectionBudget } from "../../src/session/connection-budget.ts";
import type { SessionEvent, TorrentFigures } from "../../src/session/protocol.ts";
import { TorrentSession } from "../../src/session/torrent-session.ts";
import { type PeerAddress, pieceLength, type TorrentGeometry } from "../../src/types.ts";
import { RateLimiter, uploadSlotCount } from "../../src/upload/index.ts";
import { contentCache } from "./content-cache.ts";
import { givingBehaviour, type Leeching, startLeeching, takingPace } from "./leeching.ts";
import { FILE_NAME, metainfoOf } from "./simulated-metainfo.ts";
import { SimulatedNetwork } from "./simulated-network.ts";
import { SimulatedSocket } from "./simulated-socket.ts";
import { SimulatedTracker, TRACKER_URL } from "./simulated-tracker.ts";
import { SimulatedWeb } from "./simulated-web.ts";
import { UploadLedger } from "./upload-ledger.ts";
import { VirtualHost } from "./virtual-host.ts";
import { watchBans } from "./watch-bans.ts";
import { WatchedMemory } from "./watched-memory.ts";
import { WirePeer } from "./wire-peer.ts";

const PEER_PORT = 6881;
/** A session that is closed says goodbye for a second at most. */
const GOODBYE_MS = 2000;

export interface SessionWorldOptions {
  readonly geometry: TorrentGeometry;
  readonly peers: readonly SimulatedPeerOptions[];
  readonly seed: number;
  /** Peers that download from us as well. */
  readonly leechers?: readonly ScenarioLeecher[];
  readonly webSeeds?: readonly ScenarioWebSeed[];
  /** Undefined = no limit. */
  readonly uploadBytesPerSecond?: number | undefined;
  /** Peers are not known until a tracker names them, which is silent until this time. */
  readonly trackerSpeaksAtMs?: number;
}

/** Whoever can be dialled. */
interface Member {
  readonly behaviour: SimulatedPeerOptions;
  readonly host: string;
  readonly leeching: Leeching | undefined;
}

/**
 * A real `TorrentSession` (address book, wire, scheduler, trust, upload, the store on a real disk) in a world in which time,
 * peers and chance are simulated. Only dials and timers are taken over; nothing of the engine knows.
 */
export class SimulatedSession implements AsyncDisposable {
  readonly geometry: TorrentGeometry;
  /** When each piece was verified and written. */
  readonly stored = new Map<number, number>();
  readonly problems: (string | undefined)[] = [];
  /** What goes out. */
  readonly uploads: UploadLedger;
  readonly web: SimulatedWeb;
  /** It is asked only if there is a time from which on it speaks. */
  readonly tracker: SimulatedTracker;
  readonly memory = new WatchedMemory();
  readonly #bans = watchBans();
  readonly #options: SessionWorldOptions;
  readonly #host: VirtualHost;
  readonly #session: TorrentSession;
  readonly #metainfo: Metainfo;
  readonly #folder: string;
  readonly #random;
  readonly #content: (piece: number) => Uint8Array;
  readonly #members: readonly Member[];
  readonly #connections = new Set<WirePeer>();
  readonly #listeners = new Set<(piece: number) => void>();
  /** Somebody waits for what was stored. */
  #noticed: (() => void) | undefined;
  #departedBytes = 0;
  #isHealed = false;
  #areDeparted = false;
  #isReady = false;

  private constructor(options: SessionWorldOptions, folder: string, host: VirtualHost) {
    this.#options = options;
    this.#folder = folder;
    this.#host = host;
    this.geometry = options.geometry;
    this.#random = createRandom(options.seed);
    this.#content = contentCache(options.geometry);
    this.#metainfo = metainfoOf(options.geometry);
    this.uploads = new UploadLedger({
      geometry: options.geometry,
      isStored: (piece) => this.stored.has(piece),
      content: this.#content,
      nowMs: () => this.nowMs,
      slotCount: uploadSlotCount(options.uploadBytesPerSecond),
      bytesPerSecond: options.uploadBytesPerSecond,
    });
    const { geometry, webSeeds = [] } = options;
    this.web = new SimulatedWeb(webSeeds, { geometry, clock: this.clock, content: this.#content });
    this.#members = membersOf(options, this.uploads, () => this.#changed());
    this.tracker = new SimulatedTracker({
      clock: this.clock,
      speaksAtMs: options.trackerSpeaksAtMs ?? Number.POSITIVE_INFINITY,
      peers: () => this.#members.map((member) => ({ host: member.host, port: PEER_PORT })),
    });
    this.#session = this.#createSession();
  }

  /** Resolves when the torrent has been opened, at 0 ms. */
  static async start(options: SessionWorldOptions): Promise<SimulatedSession> {
    const folder = await mkdtemp(join(tmpdir(), "riptide-simulation-"));
    const world = new SimulatedSession(options, folder, new VirtualHost());
    while (!world.#isReady) await world.run(0);
    return world;
  }

  get clock(): VirtualClock {
    return this.#host.clock;
  }

  get nowMs(): number {
    return this.clock.nowMs();
  }

  /** Payload that the swarm has sent, wanted or not. */
  get sentBytes(): number {
    let bytes = this.#departedBytes + this.web.sentBytes;
    for (const { peer } of this.#connections) bytes += peer.sentBytes;
    return bytes;
  }

  get figures(): TorrentFigures {
    return this.#session.figures();
  }

  /** Peers by their address, web seeds by their origin. */
  get bannedHosts(): ReadonlySet<string> {
    return this.#bans.hosts;
  }

  get filePath(): string {
    return join(this.#folder, this.#metainfo.infoHash, FILE_NAME);
  }

  setDemand(id: number, demand: Demand | undefined): void {
    this.#session.setDemand(id, demand);
  }

  /** Calls back for every piece that is stored from now on. */
  onStored(listener: (piece: number) => void): void {
    this.#listeners.add(listener);
  }

  run(durationMs: number): Promise<void> {
    return this.clock.advance(durationMs);
  }

  /** True once the pieces are there; false after `limitMs` more. */
  untilStored(pieces: readonly number[], limitMs: number): Promise<boolean> {
    return this.#until(() => pieces.every((piece) => this.stored.has(piece)), limitMs);
  }

  /** True once these leechers have everything; false after `limitMs` more. */
  untilServed(leechers: readonly ScenarioLeecher[], limitMs: number): Promise<boolean> {
    const waiting = this.#members.flatMap(({ leeching }) =>
      leeching !== undefined && leechers.includes(leeching.leecher) ? [leeching.own] : [],
    );
    return this.#until(() => waiting.every((own) => own.size === this.geometry.pieceCount), limitMs);
  }

  heal(): void {
    this.#isHealed = true;
    for (const connection of this.#connections) connection.heal();
    this.web.heal();
  }

  /** No peer can be reached until `returnPeers`. */
  departPeers(): void {
    this.#areDeparted = true;
    for (const connection of this.#connections) connection.leave();
  }

  returnPeers(): void {
    this.#areDeparted = false;
  }

  /** Reads what lies on the disk: the first piece that is said to be there and is not right, if there is one. */
  async wrongPiece(): Promise<number | undefined> {
    if (this.stored.size === 0) return undefined;
    const file = await open(this.filePath, "r");
    try {
      for (const piece of this.stored.keys()) {
        const bytes = Buffer.alloc(pieceLength(this.geometry, piece));
        await file.read(bytes, 0, bytes.length, piece * this.geometry.pieceLengthBytes);
        if (Buffer.compare(bytes, this.#content(piece)) !== 0) return piece;
      }
    } finally {
      await file.close();
    }
    return undefined;
  }

  /** Closes the session, and finds out whether it left anything running. */
  async [Symbol.asyncDispose](): Promise<void> {
    try {
      const closing = this.#session.close();
      await this.run(GOODBYE_MS);
      await closing;
      assertInvariant(this.#connections.size === 0, "A closed session must have no connections");
      this.web[Symbol.dispose]();
    } finally {
      this.#bans[Symbol.dispose]();
      this.#host[Symbol.dispose]();
      await rm(this.#folder, { recursive: true, force: true });
    }
  }

  async #until(isDone: () => boolean, limitMs: number): Promise<boolean> {
    if (isDone()) return true;
    const outcome = new Deferred<undefined>();
    const timer = this.clock.setTimer(limitMs, () => outcome.resolve(undefined));
    this.#noticed = () => {
      if (isDone()) outcome.resolve(undefined);
    };
    await this.clock.runUntil(outcome.wait(), limitMs + 1);
    this.#noticed = undefined;
    timer[Symbol.dispose]();
    return isDone();
  }

  /** Something was stored, here or elsewhere. */
  #changed(): void {
    this.#noticed?.();
  }

  /** Those who are there from the start; others become known when they join. */
  #introduce(): PeerAddress[] {
    const early: PeerAddress[] = [];
    for (const { behaviour, host } of this.#members) {
      const { joinsAtMs = 0 } = behaviour;
      const address = { host, port: PEER_PORT };
      if (joinsAtMs === 0) early.push(address);
      else this.clock.setTimer(joinsAtMs, () => this.#session.learn([address], [], undefined, { isLocal: true }));
    }
    return early;
  }

  #createSession(): TorrentSession {
    const { infoHash, infoBytes } = this.#metainfo;
    const { uploadBytesPerSecond, trackerSpeaksAtMs } = this.#options;
    const hasTracker = trackerSpeaksAtMs !== undefined;
    return new TorrentSession(
      {
        infoHash,
        infoBytes,
        directory: join(this.#folder, infoHash),
        trackers: hasTracker ? [[TRACKER_URL]] : [],
        webSeeds: this.web.urls,
        // Who names the web seeds may send us into private networks.
        isLocal: true,
        peers: hasTracker ? [] : this.#introduce(),
        provenPeers: [],
        reclaimsSpace: false,
        seedPaths: undefined,
      },
      {
        peerId: new Uint8Array(20).fill(200),
        clock: this.clock,
        random: () => this.#random.next(),
        network: new SimulatedNetwork((host, onread) => this.#dial(host, onread)),
        announce: (request) => this.tracker.announce(request),
        dht: undefined,
        lsd: undefined,
        uploadLimiter:
          uploadBytesPerSecond === undefined ? undefined : new RateLimiter(uploadBytesPerSecond, this.clock),
        listenPort: PEER_PORT,
        webAgents: this.web.agents,
        budget: new ConnectionBudget(),
        memory: this.memory,
        emit: (event) => this.#heard(event),
      },
    );
  }

  #heard(event: SessionEvent): void {
    if (event.type === "ready") this.#isReady = true;
    if (event.type === "storage") this.problems.push(event.problem?.code);
    assertInvariant(event.type !== "failed", "The torrent must be opened");
    if (event.type !== "verified") return;
    this.stored.set(event.piece, this.nowMs);
    for (const listener of this.#listeners) listener(event.piece);
    this.#changed();
  }

  /** A dial of the session: TCP takes a round trip, and whoever is away refuses. */
  #dial(host: string, onread: net.OnReadOpts): net.Socket {
    const socket = new SimulatedSocket(onread);
    const member = this.#members.find((other) => other.host === host);
    this.clock.setTimer(2 * (member?.behaviour.latencyMs ?? 0), () => {
      if (member === undefined || this.#areDeparted || this.#isAway(member.behaviour))
        socket.destroy(new Error("ECONNREFUSED"));
      else if (!socket.destroyed) this.#connect(socket, member);
    });
    return socket;
  }

  #connect(socket: SimulatedSocket, member: Member): void {
    const { behaviour, host, leeching } = member;
    const connection: WirePeer = new WirePeer({
      behaviour,
      number: this.#members.indexOf(member),
      infoHash: this.#metainfo.infoHash,
      geometry: this.geometry,
      clock: this.clock,
      random: this.#random,
      socket,
      content: this.#content,
      ledger: this.uploads.open(host, () => socket.writableLength),
      leeching,
      closed: () => {
        if (this.#connections.delete(connection)) this.#departedBytes += connection.peer.sentBytes;
      },
    });
    this.#connections.add(connection);
    if (this.#isHealed) connection.heal();
    const { leavesAtMs = Number.NEGATIVE_INFINITY } = behaviour;
    if (leavesAtMs > this.nowMs) this.clock.setTimer(leavesAtMs - this.nowMs, () => connection.leave());
    socket.meet(connection, leeching && takingPace(leeching, this.clock));
  }

  #isAway(behaviour: SimulatedPeerOptions): boolean {
    return !this.#isHealed && isAway(behaviour, this.nowMs);
  }
}

function membersOf(
  { geometry, peers, leechers = [] }: SessionWorldOptions,
  uploads: UploadLedger,
  completed: () => void,
): readonly Member[] {
  const seeds = peers.map((behaviour, index) => ({
    behaviour,
    host: behaviour.host ?? `10.0.0.${index + 1}`,
    leeching: undefined,
  }));
  return [
    ...seeds,
    ...leechers.map((leecher) => {
      const fail = (problem: string): void => uploads.fail(`${leecher.host}: ${problem}`);
      const leeching = startLeeching(leecher, geometry, { completed, fail });
      return { behaviour: givingBehaviour(leeching), host: leecher.host, leeching };
    }),
  ];
}
