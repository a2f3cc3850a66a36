import { setMaxListeners } from "node:events";
import { isIPv4 } from "node:net";
import { abortable, type Clock, RiptideError, type TurnRequest, Turns } from "@riptide/core";
import { Client, type Node } from "bittorrent-dht";
import { withDeadline } from "../metainfo/deadline.ts";
import { formatPeerAddress, peerAddress } from "../metainfo/peer-address.ts";
import type { PeerAddress } from "../types.ts";
import { DhtSocket } from "./dht-socket.ts";

/** Nodes that introduce new ones, run by makers of clients; by name, as their addresses change. */
const PUBLIC_ROUTERS: readonly Node[] = [
  { host: "router.bittorrent.com", port: 6881 },
  { host: "router.utorrent.com", port: 6881 },
  { host: "dht.transmissionbt.com", port: 6881 },
  { host: "dht.libtorrent.org", port: 25_401 },
];

/** Walks share the 16 queries that the library has in flight: more of them at once only make each slower. */
const MAX_CONCURRENT_WALKS = 4;

/** Walks that wait for their turn: each torrent has one, so there is one for each of a large library. */
const MAX_WAITING_WALKS = 1_000;

/**
 * A walk asks some hundred nodes, sixteen at a time, and waits two seconds for each. Nodes that name ever closer ones, which
 * only they know, must not hold a turn for ever.
 */
const WALK_LIMIT_MS = 60_000;

/** What one lookup may bring: popular torrents have thousands of peers, of which some dozens are ever connected. */
const MAX_PEERS_PER_LOOKUP = 500;

/** Peers kept for other nodes: 20 bytes of key and 6 of address, and what JavaScript adds. */
const MAX_STORED_PEERS = 2_000;

/** Announces are repeated every quarter of an hour or so; two missed ones mean gone. */
const STORED_PEER_LIFETIME_MS = 30 * 60 * 1_000;

export interface DhtOptions {
  readonly clock: Clock;
  /** Where to start; the public routers unless given. `[]` waits to be found. */
  readonly bootstrap?: readonly PeerAddress[];
  /** UDP port to bind; 0 or none for any free one. */
  readonly port?: number;
  /** IPv4 address to bind. */
  readonly host?: string;
}

/** A node of the BitTorrent DHT (BEP 5, IPv4). It answers other nodes as long as it lives. */
export interface Dht {
  /** Nodes in the routing table: 0 means that nothing was found yet. */
  readonly nodeCount: number;
  /** The UDP port that it is bound to. */
  readonly port: number;
  /** Adds a node that a peer told us of (BEP 5 PORT message), if it answers. */
  addNode(address: PeerAddress): void;
  /**
   * Walks the DHT once towards `infoHash`, calling `onPeer` for each new address as it comes; walks wait for their turn. Resolves when the walk
   * is over, found or not; rejects only with the signal's reason, or `engine_unavailable` when the node is closed or too many wait.
   */
  lookup(
    infoHash: string,
    onPeer: (peer: PeerAddress) => void,
    signal: AbortSignal,
    isUrgent?: () => boolean,
  ): Promise<void>;
  /** Tells the nodes closest to `infoHash` that we have it and listen on TCP `port`. Settles as `lookup` does. */
  announce(infoHash: string, port: number, signal: AbortSignal): Promise<void>;
  /** Idempotent; ends lookups. */
  close(): Promise<void>;
}

/** Starts a node. Rejects with `engine_unavailable` when its port cannot be bound. */
export async function createDht({ clock, bootstrap, port = 0, host = "0.0.0.0" }: DhtOptions): Promise<Dht> {
  const nodes = bootstrap ?? PUBLIC_ROUTERS;
  const client = new Client({
    bootstrap: nodes.length > 0 ? nodes : false,
    socket: new DhtSocket(),
    maxPeers: MAX_STORED_PEERS,
    maxAge: STORED_PEER_LIFETIME_MS,
  });
  await new Promise<void>((resolve, reject) => {
    // Stays for good: a later error changes nothing, but one that nobody listens to would end the process.
    client.on("error", (cause) => client.destroy(() => reject(portUnavailable(cause))));
    client.listen(port, host, resolve);
  });
  return new DhtNode(client, clock);
}

class DhtNode implements Dht {
  readonly port: number;
  readonly #client: Client;
  readonly #clock: Clock;
  readonly #finders = new Map<string, Set<(peer: PeerAddress) => void>>();
  readonly #walks = new Map<string, Promise<void>>();
  readonly #closing = new AbortController();
  readonly #turns = new Turns({
    atOnce: MAX_CONCURRENT_WALKS,
    waiting: { max: MAX_WAITING_WALKS, refusal: tooManyWait },
  });
  #closed: Promise<void> | undefined;

  constructor(client: Client, clock: Clock) {
    this.#client = client;
    this.#clock = clock;
    // Every walk listens, also those that wait.
    setMaxListeners(0, this.#closing.signal);
    this.port = client.address().port;
    client.on("peer", (node: Node, infoHash: Buffer) => this.#onPeer(node, infoHash.toString("hex")));
  }

  get nodeCount(): number {
    return this.#client.nodes.count();
  }

  addNode(address: PeerAddress): void {
    // The library's nodes are IPv4 nodes.
    if (!this.#closing.signal.aborted && isIPv4(address.host)) this.#client.addNode({ ...address });
  }

  async lookup(
    infoHash: string,
    onPeer: (peer: PeerAddress) => void,
    signal: AbortSignal,
    isUrgent = (): boolean => false,
  ): Promise<void> {
    const walk = this.#inTurn({ signal, isUrgent }, () => this.#walk(infoHash, onPeer, signal));
    this.#walks.set(infoHash, walk);
    try {
      await walk;
    } finally {
      if (this.#walks.get(infoHash) === walk) this.#walks.delete(infoHash);
    }
  }

  async announce(infoHash: string, port: number, signal: AbortSignal): Promise<void> {
    // The library announces to the nodes that the last walk found: a fresh one makes sure of them, one under way will do.
    const walk = this.#walks.get(infoHash) ?? this.lookup(infoHash, () => {}, signal);
    await abortable(walk, signal);
    await this.#whileOpen(signal, (done) => this.#client.announce(infoHash, port, done));
  }

  async close(): Promise<void> {
    this.#closing.abort(new RiptideError("engine_unavailable", "The DHT is closed."));
    this.#turns.clear(this.#closing.signal.reason);
    this.#closed ??= new Promise((resolve) => {
      this.#client.destroy(resolve);
    });
    await this.#closed;
  }

  async #walk(infoHash: string, onPeer: (peer: PeerAddress) => void, signal: AbortSignal): Promise<void> {
    let stop: (() => void) | undefined;
    const finder = collectPeers(onPeer, () => stop?.());
    this.#addFinder(infoHash, finder);
    try {
      await this.#forAWhile(signal, (inTime) =>
        this.#whileOpen(inTime, (done) => {
          stop = this.#client.lookup(infoHash, done);
        }),
      );
    } finally {
      stop?.();
      this.#removeFinder(infoHash, finder);
    }
  }

  /** What a walk has found when its time is over is all that it finds. */
  async #forAWhile(signal: AbortSignal, walk: (signal: AbortSignal) => Promise<void>): Promise<void> {
    const over = new Error("The walk takes too long.");
    const limit = { clock: this.#clock, signal, timeoutMs: WALK_LIMIT_MS, timeoutError: () => over };
    await withDeadline(limit, walk).catch((error: unknown) => {
      if (error !== over) throw error;
    });
  }

  async #inTurn(request: TurnRequest, walk: () => Promise<void>): Promise<void> {
    this.#closing.signal.throwIfAborted();
    using _turn = await this.#turns.take(request);
    await walk();
  }

  /** Waits for `start` to call back (an error means that no node answered), for `signal` or for the end: the library does not call back then. */
  async #whileOpen(signal: AbortSignal, start: (done: () => void) => void): Promise<void> {
    this.#closing.signal.throwIfAborted();
    signal.throwIfAborted();
    const done = new Promise<void>((resolve) => start(resolve));
    await abortable(abortable(done, signal), this.#closing.signal);
  }

  #addFinder(infoHash: string, finder: (peer: PeerAddress) => void): void {
    const finders = this.#finders.get(infoHash) ?? new Set();
    this.#finders.set(infoHash, finders.add(finder));
  }

  #removeFinder(infoHash: string, finder: (peer: PeerAddress) => void): void {
    const finders = this.#finders.get(infoHash);
    finders?.delete(finder);
    if (finders?.size === 0) this.#finders.delete(infoHash);
  }

  #onPeer(node: Node, infoHash: string): void {
    const peer = peerAddress(node.host, node.port);
    if (peer === undefined) return;
    for (const finder of this.#finders.get(infoHash) ?? []) finder(peer);
  }
}

/** Passes each address on once, and calls `onEnough` when one lookup has brought all that it may. */
function collectPeers(onPeer: (peer: PeerAddress) => void, onEnough: () => void): (peer: PeerAddress) => void {
  const found = new Set<string>();
  return (peer) => {
    const key = formatPeerAddress(peer);
    if (found.has(key) || found.size >= MAX_PEERS_PER_LOOKUP) return;
    found.add(key);
    if (found.size === MAX_PEERS_PER_LOOKUP) onEnough();
    onPeer(peer);
  };
}

function tooManyWait(): RiptideError {
  return new RiptideError("engine_unavailable", "Too many torrents wait for the DHT.");
}

function portUnavailable(cause: unknown): RiptideError {
  return new RiptideError(
    "engine_unavailable",
    "The port of the DHT cannot be bound. Choose another one, or start with --no-dht.",
    {
      cause,
    },
  );
}
