import type { Clock } from "@riptide/core";
import { type Announce, type Announcer, type Dht, type Lsd, startAnnouncer } from "../discovery/index.ts";
import type { Reach } from "../metainfo/resolve-host.ts";
import type { PeerAddress } from "../types.ts";

/** While few peers are connected the DHT is asked again so long after it answered, later after a quarter of an hour. */
const DHT_HUNGRY_MS = 30_000;
const DHT_FED_MS = 15 * 60_000;
/** Fewer connected peers than this is hungry. */
const ENOUGH_PEERS = 8;
/** What trackers are told that want a port where there is none: some take no 0, and on this one nobody listens (RFC 1078). */
const NOBODY_LISTENS_PORT = 1;

export interface DiscoveryOptions {
  readonly infoHash: string;
  readonly peerId: Uint8Array;
  readonly trackers: readonly (readonly string[])[];
  readonly announce: Announce;
  readonly dht: Dht | undefined;
  readonly lsd: Lsd | undefined;
  readonly clock: Clock;
  readonly random: () => number;
  /** Where peers can reach us; undefined: nowhere. */
  readonly listenPort: number | undefined;
  readonly trackerFamilies?: readonly (4 | 6)[] | undefined;
  /** Where http trackers may be. */
  readonly reach: () => Reach;
  readonly transferred: () => { uploadedBytes: number; downloadedBytes: number; leftBytes: number };
  readonly connectedPeers: () => number;
  /** Somebody waits for what these peers have: other torrents let it go first. */
  readonly isUrgent: () => boolean;
  readonly found: (peers: readonly PeerAddress[]) => void;
  readonly isPrivate: boolean;
  /** Another tracker of a private torrent answered than before: what the last one named is not to be connected to. */
  readonly switched: () => void;
}

/**
 * Looks for the peers of one torrent until it is closed: through its trackers at once, and from `startPublic` on, in the DHT and
 * in the local network.
 */
export class Discovery {
  readonly #options: DiscoveryOptions;
  readonly #abort = new AbortController();
  readonly #publicAbort = new AbortController();
  #announcer: Announcer;
  #lastTracker: string | undefined;
  #dhtTimer: Disposable | undefined;
  #localSearch: Disposable | undefined;

  constructor(options: DiscoveryOptions) {
    this.#options = options;
    if (options.isPrivate) this.#leavePublic();
    this.#announcer = this.#announceTo(options.trackers);
  }

  /** Asks beyond the trackers from now on, unless the torrent turned out to be private before. */
  startPublic(): void {
    const { lsd, infoHash, found } = this.#options;
    if (this.#publicAbort.signal.aborted) return;
    this.#localSearch = lsd?.join(infoHash, (peer) => found([peer]));
    void this.#askDht();
  }

  /** Adds trackers that came later (a magnet added twice); not to those of a private torrent. */
  learn(tiers: readonly (readonly string[])[]): void {
    if (!this.#isPrivate) this.#announcer.addTiers(tiers);
  }

  completed(): void {
    this.#announcer.complete();
  }

  /** For good. BEP 27: peers of a private torrent come from its trackers only, and from one of them at a time. */
  goPrivate(): void {
    if (this.#isPrivate) return;
    this.#leavePublic();
    void this.#announcer.close();
    this.#announcer = this.#announceTo(this.#options.trackers);
  }

  /** Says goodbye to the trackers; takes a second at most. */
  async close(): Promise<void> {
    this.#leavePublic();
    await this.#announcer.close();
    this.#abort.abort();
  }

  get #isPrivate(): boolean {
    return this.#publicAbort.signal.aborted;
  }

  #leavePublic(): void {
    this.#publicAbort.abort();
    this.#dhtTimer?.[Symbol.dispose]();
    this.#localSearch?.[Symbol.dispose]();
  }

  #announceTo(trackers: readonly (readonly string[])[]): Announcer {
    const { announce, infoHash, peerId, listenPort, trackerFamilies, clock, random, reach, transferred } =
      this.#options;
    return startAnnouncer({
      // BEP 27: "each peer MUST use only one tracker at a time and only switch between trackers when the current tracker fails".
      tiers: this.#isPrivate ? [trackers.flat()] : trackers,
      announce,
      infoHash,
      peerId,
      port: listenPort ?? NOBODY_LISTENS_PORT,
      // One loop for each family could come to different trackers.
      families: this.#isPrivate ? undefined : trackerFamilies,
      clock,
      random,
      signal: this.#abort.signal,
      reach,
      stats: transferred,
      onPeers: (peers, tracker) => this.#heard(peers, tracker),
    });
  }

  #heard(peers: readonly PeerAddress[], tracker: string): void {
    // BEP 27: "When switching between trackers, the peer MUST disconnect from all current peers".
    if (this.#isPrivate && this.#lastTracker !== undefined && this.#lastTracker !== tracker) this.#options.switched();
    this.#lastTracker = tracker;
    this.#options.found(peers);
  }

  /** One question at a time: a DHT that is slow, or that many torrents ask, must not be asked ever more. */
  async #askDht(): Promise<void> {
    const { dht, infoHash, found, clock, connectedPeers, listenPort, isUrgent } = this.#options;
    const { signal } = this.#publicAbort;
    if (dht === undefined || listenPort === undefined || signal.aborted) return;
    const lookup = dht.lookup(infoHash, (peer) => found([peer]), signal, isUrgent);
    // Both settle with the node: a lookup that finds nothing is tried again below.
    await Promise.allSettled([lookup, dht.announce(infoHash, listenPort, signal)]);
    if (signal.aborted) return;
    const delayMs = connectedPeers() < ENOUGH_PEERS ? DHT_HUNGRY_MS : DHT_FED_MS;
    this.#dhtTimer = clock.setTimer(delayMs, () => void this.#askDht());
  }
}
