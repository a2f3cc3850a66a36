import { createHash } from "node:crypto";
import { mkdtemp, open, rm } from "node:fs/promises";
import type net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { assertInvariant, type Demand } from "@riptide/core";
import { createRandom, distinctPieces, type SimulatedPeerOptions, trueBytes, type VirtualClock } from "@riptide/sim";
import { Deferred } from "../../src/engine/deferred.ts";
import { encodeBencode, type Metainfo, parseInfoDictionary } from "../../src/metainfo/index.ts";
import { ConnectionBudget } from "../../src/session/connection-budget.ts";
import type { SessionEvent, TorrentFigures } from "../../src/session/protocol.ts";
import { TorrentSession } from "../../src/session/torrent-session.ts";
import { pieceLength, type TorrentGeometry } from "../../src/types.ts";
import { contentCache } from "./content-cache.ts";
import { SimulatedNetwork } from "./simulated-network.ts";
import { SimulatedSocket } from "./simulated-socket.ts";
import { VirtualHost } from "./virtual-host.ts";
import { WirePeer } from "./wire-peer.ts";

const PEER_PORT = 6881;
/** A session that is closed says goodbye for a second at most. */
const GOODBYE_MS = 2000;
const FILE_NAME = "film.bin";

export interface SessionWorldOptions {
  readonly geometry: TorrentGeometry;
  readonly peers: readonly SimulatedPeerOptions[];
  readonly seed: number;
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
  readonly #options: SessionWorldOptions;
  readonly #host: VirtualHost;
  readonly #session: TorrentSession;
  readonly #metainfo: Metainfo;
  readonly #folder: string;
  readonly #random;
  readonly #content: (piece: number) => Uint8Array;
  readonly #connections = new Set<WirePeer>();
  readonly #listeners = new Set<(piece: number) => void>();
  #departedBytes = 0;
  #isHealed = false;
  #isReady = false;

  private constructor(options: SessionWorldOptions, folder: string, host: VirtualHost) {
    this.#options = options;
    this.#folder = folder;
    this.#host = host;
    this.geometry = options.geometry;
    this.#random = createRandom(options.seed);
    this.#content = contentCache(options.geometry);
    this.#metainfo = metainfoOf(options.geometry);
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
    let bytes = this.#departedBytes;
    for (const { peer } of this.#connections) bytes += peer.sentBytes;
    return bytes;
  }

  get figures(): TorrentFigures {
    return this.#session.figures();
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
  async untilStored(pieces: readonly number[], limitMs: number): Promise<boolean> {
    const isThere = (): boolean => pieces.every((piece) => this.stored.has(piece));
    if (isThere()) return true;
    const outcome = new Deferred<undefined>();
    const timer = this.clock.setTimer(limitMs, () => outcome.resolve(undefined));
    this.onStored(() => {
      if (isThere()) outcome.resolve(undefined);
    });
    await this.clock.runUntil(outcome.wait(), limitMs + 1);
    timer[Symbol.dispose]();
    return isThere();
  }

  heal(): void {
    this.#isHealed = true;
    for (const connection of this.#connections) connection.heal();
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
    } finally {
      this.#host[Symbol.dispose]();
      await rm(this.#folder, { recursive: true, force: true });
    }
  }

  #createSession(): TorrentSession {
    const { infoHash, infoBytes } = this.#metainfo;
    const { peers } = this.#options;
    const addresses = (isEarly: boolean) =>
      peers.flatMap((peer, index) =>
        ((peer.joinsAtMs ?? 0) === 0) === isEarly ? [{ peer, host: hostOf(peer, index) }] : [],
      );
    for (const { peer, host } of addresses(false)) {
      this.clock.setTimer(peer.joinsAtMs ?? 0, () => this.#session.learn([{ host, port: PEER_PORT }], [], undefined));
    }
    return new TorrentSession(
      {
        infoHash,
        infoBytes,
        directory: join(this.#folder, infoHash),
        trackers: [],
        peers: addresses(true).map(({ host }) => ({ host, port: PEER_PORT })),
        provenPeers: [],
        reclaimsSpace: false,
        seedPaths: undefined,
      },
      {
        peerId: new Uint8Array(20).fill(200),
        clock: this.clock,
        random: () => this.#random.next(),
        network: new SimulatedNetwork((host, onread) => this.#dial(host, onread)),
        announce: async () => ({ peers: [], intervalSeconds: 1800 }),
        dht: undefined,
        lsd: undefined,
        uploadLimiter: undefined,
        listenPort: PEER_PORT,
        budget: new ConnectionBudget(),
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
  }

  /** A dial of the session: TCP takes a round trip, and whoever is away refuses. */
  #dial(host: string, onread: net.OnReadOpts): net.Socket {
    const socket = new SimulatedSocket(onread);
    const index = this.#options.peers.findIndex((peer, number) => hostOf(peer, number) === host);
    const behaviour = this.#options.peers[index];
    this.clock.setTimer(2 * (behaviour?.latencyMs ?? 0), () => {
      if (behaviour === undefined || this.#isAway(behaviour)) socket.destroy(new Error("ECONNREFUSED"));
      else if (!socket.destroyed) this.#connect(socket, behaviour, index);
    });
    return socket;
  }

  #connect(socket: SimulatedSocket, behaviour: SimulatedPeerOptions, number: number): void {
    const { infoHash } = this.#metainfo;
    const connection: WirePeer = new WirePeer({
      behaviour,
      number,
      infoHash,
      geometry: this.geometry,
      clock: this.clock,
      random: this.#random,
      socket,
      content: this.#content,
      closed: () => {
        if (this.#connections.delete(connection)) this.#departedBytes += connection.peer.sentBytes;
      },
    });
    this.#connections.add(connection);
    if (this.#isHealed) connection.heal();
    const { leavesAtMs = Number.NEGATIVE_INFINITY } = behaviour;
    if (leavesAtMs > this.nowMs) this.clock.setTimer(leavesAtMs - this.nowMs, () => connection.leave());
    socket.meet(connection);
  }

  #isAway({ leavesAtMs, returnsAfterMs = Number.POSITIVE_INFINITY }: SimulatedPeerOptions): boolean {
    if (leavesAtMs === undefined || this.#isHealed) return false;
    return this.nowMs >= leavesAtMs && this.nowMs < leavesAtMs + returnsAfterMs;
  }
}

const metainfos = new Map<string, Metainfo>();

/** The metadata of a torrent of one file with the true content; made once for each shape, since all of it is hashed. */
function metainfoOf(geometry: TorrentGeometry): Metainfo {
  const key = `${geometry.sizeBytes}/${geometry.pieceLengthBytes}`;
  const metainfo = metainfos.get(key) ?? createMetainfo(geometry);
  metainfos.set(key, metainfo);
  return metainfo;
}

function createMetainfo(geometry: TorrentGeometry): Metainfo {
  const hashes = new Map<number, Buffer>();
  const pieces = Array.from({ length: geometry.pieceCount }, (_, piece) => {
    // The last piece may be shorter than those that hold the same.
    const key = piece === geometry.pieceCount - 1 ? -1 : piece % distinctPieces(geometry);
    const hash = hashes.get(key) ?? createHash("sha1").update(trueBytes(geometry, piece)).digest();
    hashes.set(key, hash);
    return hash;
  });
  const { sizeBytes, pieceLengthBytes } = geometry;
  return parseInfoDictionary(
    encodeBencode({
      length: sizeBytes,
      name: FILE_NAME,
      "piece length": pieceLengthBytes,
      pieces: Buffer.concat(pieces),
    }),
  );
}

function hostOf(peer: SimulatedPeerOptions, index: number): string {
  return peer.host ?? `10.0.0.${index + 1}`;
}
