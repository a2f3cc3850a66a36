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
}

/**
 * Looks for the peers of one torrent until it is closed: through its trackers at once, and from `startPublic` on, in the DHT and
 * in the local network.
 */
export class Discovery {
  readonly #options: DiscoveryOptions;
  readonly #abort = new AbortController();
  readonly #publicAbort = new AbortController();
  readonly #announcer: Announcer;
  #dhtTimer: Disposable | undefined;
  #localSearch: Disposable | undefined;

  constructor(options: DiscoveryOptions) {
    const { trackers, announce, infoHash, peerId, listenPort, trackerFamilies, clock, random, reach } = options;
    const { transferred, found } = options;
    this.#options = options;
    this.#announcer = startAnnouncer({
      tiers: trackers,
      announce,
      infoHash,
      peerId,
      port: listenPort ?? NOBODY_LISTENS_PORT,
      families: trackerFamilies,
      clock,
      random,
      signal: this.#abort.signal,
      reach,
      stats: transferred,
      onPeers: found,
    });
  }

  /** Asks beyond the trackers from now on, unless the torrent turned out to be private before. */
  startPublic(): void {
    const { lsd, infoHash, found } = this.#options;
    if (this.#publicAbort.signal.aborted) return;
    this.#localSearch = lsd?.join(infoHash, (peer) => found([peer]));
    void this.#askDht();
  }

  /** Adds trackers that came later (a magnet added twice). */
  learn(tiers: readonly (readonly string[])[]): void {
    this.#announcer.addTiers(tiers);
  }

  completed(): void {
    this.#announcer.complete();
  }

  /** For good. BEP 27: peers of a private torrent come from its trackers only. */
  stopPublic(): void {
    this.#publicAbort.abort();
    this.#dhtTimer?.[Symbol.dispose]();
    this.#localSearch?.[Symbol.dispose]();
  }

  /** Says goodbye to the trackers; takes a second at most. */
  async close(): Promise<void> {
    this.stopPublic();
    await this.#announcer.close();
    this.#abort.abort();
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
