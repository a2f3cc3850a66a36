import { setMaxListeners } from "node:events";
import type { Clock } from "@riptide/core";
import { withDeadline } from "../metainfo/deadline.ts";
import type { Reach } from "../metainfo/resolve-host.ts";
import { uniqueTrackers } from "../metainfo/torrent-urls.ts";
import type { PeerAddress } from "../types.ts";
import {
  afterFailure,
  afterSuccess,
  createTier,
  currentTracker,
  eventFor,
  type Tier,
  type Told,
} from "./announce-policy.ts";
import {
  type Announce,
  type AnnounceEvent,
  type AnnounceResult,
  type AnnounceStats,
  announceTimeout,
  TrackerError,
} from "./tracker.ts";

/** Tiers that are announced to side by side over each family; those beyond become fallbacks of the last one. */
const MAX_PARALLEL_TIERS = 16;

/** Enough to fill the connections of one torrent after duplicates and dead addresses. */
const WANTED_PEERS = 200;

/** How long `close` waits for trackers to hear that we leave. */
const STOPPED_TIMEOUT_MS = 1_000;

export interface AnnouncerOptions {
  readonly tiers: readonly (readonly string[])[];
  readonly announce: Announce;
  readonly infoHash: string;
  readonly peerId: Uint8Array;
  /** Where we listen. */
  readonly port: number;
  /**
   * A tracker knows us by the address we ask from, and names peers of that family only (BEP 7, BEP 15): it is asked over each of these,
   * at the same time. Undefined: over whichever it has, once.
   */
  readonly families?: readonly (4 | 6)[] | undefined;
  readonly clock: Clock;
  /** Gives [0, 1). */
  readonly random: () => number;
  /** Ends everything at once, without telling the trackers; `close` does that. */
  readonly signal: AbortSignal;
  readonly stats: () => AnnounceStats;
  /** Where http trackers may be. */
  readonly reach: () => Reach;
  readonly onPeers: (peers: readonly PeerAddress[], trackerUrl: string) => void;
  /** A tracker failed: for logs and the dashboard; the announcer goes on. */
  readonly onError?: (error: TrackerError, trackerUrl: string) => void;
}

/** Announces one torrent for as long as it lives. */
export interface Announcer {
  /** Starts announcing to trackers that are not known yet: another source named them. */
  addTiers(tiers: readonly (readonly string[])[]): void;
  /** Tells the trackers that the download has become complete; not for one that was complete from the start. */
  complete(): void;
  /** Says goodbye to the trackers that know us, waiting at most a second. Idempotent; never rejects. */
  close(): Promise<void>;
}

/**
 * Starts announcing to every tier at once, to one tracker of each (BEP 12 would go on to the next tier only when one failed; a viewer
 * waits for peers, and a dead first tracker takes 15 s to notice).
 */
export function startAnnouncer(options: AnnouncerOptions): Announcer {
  return new TierAnnouncer(options);
}

class TierAnnouncer implements Announcer {
  readonly #options: AnnouncerOptions;
  readonly #loops: TierLoop[] = [];
  readonly #controller = new AbortController();
  #isComplete = false;
  #closed: Promise<void> | undefined;

  constructor(options: AnnouncerOptions) {
    this.#options = options;
    // Each tier listens.
    setMaxListeners(0, this.#controller.signal);
    options.signal.addEventListener("abort", this.#onAbort, { once: true });
    if (options.signal.aborted) this.#onAbort();
    this.addTiers(options.tiers);
  }

  addTiers(tiers: readonly (readonly string[])[]): void {
    const known = new Set(this.#loops.flatMap((loop) => loop.urls));
    const added = uniqueTrackers(tiers.map((tier) => tier.filter((url) => !known.has(url))));
    const { families = [undefined] } = this.#options;
    const free = Math.max(MAX_PARALLEL_TIERS - this.#loops.length / families.length, 1);
    const parallel = [...added.slice(0, free - 1), added.slice(free - 1).flat()].filter((tier) => tier.length > 0);
    for (const urls of parallel) for (const family of families) this.#start(urls, family);
  }

  #start(urls: readonly string[], family: 4 | 6 | undefined): void {
    const loop = new TierLoop(urls, family, this.#options, this.#controller.signal, () => this.#isComplete);
    this.#loops.push(loop);
    loop.start();
  }

  complete(): void {
    if (this.#isComplete) return;
    this.#isComplete = true;
    for (const loop of this.#loops) loop.wake();
  }

  async close(): Promise<void> {
    this.#closed ??= this.#sayGoodbye();
    await this.#closed;
  }

  readonly #onAbort = () => this.#controller.abort(this.#options.signal.reason);

  async #sayGoodbye(): Promise<void> {
    const { clock, signal } = this.#options;
    signal.removeEventListener("abort", this.#onAbort);
    this.#controller.abort(new TrackerError("unreachable", "The announcer is closed"));
    const deadline = { clock, signal, timeoutMs: STOPPED_TIMEOUT_MS, timeoutError: announceTimeout };
    const stopped = withDeadline(deadline, async (stopSignal) => {
      await Promise.all(this.#loops.map((loop) => loop.stop(stopSignal)));
    });
    // A tracker that does not hear of it forgets us by itself.
    await stopped.catch(() => {});
  }
}

/** Announces to one tier over one family, one tracker after the other. */
class TierLoop {
  readonly #family: 4 | 6 | undefined;
  readonly #options: AnnouncerOptions;
  readonly #signal: AbortSignal;
  readonly #isComplete: () => boolean;
  readonly #told = new Map<string, Told>();
  #tier: Tier;
  #wake = () => {};
  #ended = Promise.resolve();

  constructor(
    urls: readonly string[],
    family: 4 | 6 | undefined,
    options: AnnouncerOptions,
    signal: AbortSignal,
    isComplete: () => boolean,
  ) {
    this.#family = family;
    this.#options = options;
    this.#signal = signal;
    this.#isComplete = isComplete;
    this.#tier = createTier(urls, options.random);
  }

  get urls(): readonly string[] {
    return this.#tier.urls;
  }

  /** Announces until the signal aborts. */
  start(): void {
    this.#ended = this.#run();
  }

  /** Announces at once unless this tier is failing: then it waits as it did. */
  wake(): void {
    this.#wake();
  }

  /** Tells the trackers that know us that we leave; after the announce under way, which may be how one gets to know us. */
  async stop(signal: AbortSignal): Promise<void> {
    await this.#ended;
    const told = [...this.#told.keys()];
    await Promise.allSettled(told.map((url) => this.#send(url, "stopped", signal)));
  }

  async #run(): Promise<void> {
    while (!this.#signal.aborted) {
      const url = currentTracker(this.#tier);
      const result = await this.#announce(url);
      if (this.#signal.aborted) return;
      const next =
        result === undefined ? afterFailure(this.#tier, this.#options.random) : afterSuccess(this.#tier, result);
      this.#tier = next.tier;
      if (result !== undefined) this.#options.onPeers(result.peers, url);
      // The download may have been completed while the tracker was answering.
      const hasNews = result !== undefined && eventFor(this.#whatWasTold(url), this.#isComplete()) !== undefined;
      await this.#sleep(hasNews ? 0 : next.delayMs, result !== undefined);
    }
  }

  /** The tracker's answer, or `undefined` when it failed. */
  async #announce(url: string): Promise<AnnounceResult | undefined> {
    const told = this.#whatWasTold(url);
    const event = eventFor(told, this.#isComplete());
    const isSeed = this.#options.stats().leftBytes === 0;
    try {
      const result = await this.#send(url, event, this.#signal);
      const completed = told.completed || event === "completed" || (event === "started" && isSeed);
      this.#told.set(url, { started: true, completed });
      return result;
    } catch (error) {
      if (!this.#signal.aborted) this.#options.onError?.(asTrackerError(error), url);
      return undefined;
    }
  }

  #whatWasTold(url: string): Told {
    return this.#told.get(url) ?? { started: false, completed: false };
  }

  async #send(url: string, event: AnnounceEvent | undefined, signal: AbortSignal): Promise<AnnounceResult> {
    const { announce, infoHash, peerId, port } = this.#options;
    const [reach, stats] = [this.#options.reach(), this.#options.stats()];
    const wantedPeers = event === "stopped" ? 0 : WANTED_PEERS;
    const family = this.#family;
    const request = { url, infoHash, peerId, port, wantedPeers, reach, signal, ...stats };
    return await announce({ ...request, ...(event && { event }), ...(family && { family }) });
  }

  async #sleep(delayMs: number, canWake: boolean): Promise<void> {
    if (this.#signal.aborted) return;
    await new Promise<void>((resolve) => {
      const wake = () => {
        this.#wake = () => {};
        timer[Symbol.dispose]();
        this.#signal.removeEventListener("abort", wake);
        resolve();
      };
      const timer = this.#options.clock.setTimer(delayMs, wake);
      this.#signal.addEventListener("abort", wake, { once: true });
      if (canWake) this.#wake = wake;
    });
  }
}

function asTrackerError(error: unknown): TrackerError {
  return error instanceof TrackerError
    ? error
    : new TrackerError("unreachable", "The tracker failed", { cause: error });
}
