import type { Clock } from "@riptide/core";
import type { BlockRequest, TorrentGeometry } from "../types.ts";
import { chooseOptimistic, chooseUnchoked, type RateLimiter, Uploader, uploadSlotCount } from "../upload/index.ts";
import type { Peer } from "./peer.ts";
import { RateMeter } from "./rate-meter.ts";

/** BEP 3: "The currently deployed choking algorithm avoids fibrillation by only changing who's choked once every ten seconds". */
const ROUND_MS = 10_000;
/** The optimistic slot moves on every third round. */
const OPTIMISTIC_ROUNDS = 3;

export interface UploadSlotsOptions {
  readonly geometry: TorrentGeometry;
  readonly clock: Clock;
  readonly random: () => number;
  readonly limiter: RateLimiter | undefined;
  readonly has: (piece: number) => boolean;
  readonly isSeed: () => boolean;
  readonly read: (offset: number, length: number, options: { signal: AbortSignal }) => Promise<Uint8Array>;
  /** Bytes per second that a peer gives us. */
  readonly downloadRate: (peer: Peer) => number;
}

interface Slot {
  readonly uploader: Uploader;
  readonly rate: RateMeter;
}

/** Who may download from us, and the sending itself. */
export class UploadSlots {
  readonly uploaded: RateMeter;
  readonly #options: UploadSlotsOptions;
  readonly #slots = new Map<Peer, Slot>();
  readonly #slotCount: number;
  #optimistic: Peer | undefined;
  #roundAtMs: number;
  #rounds = 0;

  constructor(options: UploadSlotsOptions) {
    this.#options = options;
    this.#slotCount = uploadSlotCount(options.limiter?.bytesPerSecond);
    this.#roundAtMs = options.clock.nowMs();
    this.uploaded = new RateMeter(options.clock.nowMs());
  }

  requested(peer: Peer, block: BlockRequest): void {
    this.#slot(peer).uploader.request(block);
  }

  cancelled(peer: Peer, block: BlockRequest): void {
    this.#slots.get(peer)?.uploader.cancel(block);
  }

  /** A free slot is given at once: a peer should not wait ten seconds for the round. */
  interestChanged(peer: Peer, peers: Iterable<Peer>): void {
    if (!peer.isInterested) return this.#setChoking(peer, true);
    const taken = [...peers].filter((other) => !other.amChoking).length;
    if (taken < this.#slotCount) this.#setChoking(peer, false);
  }

  leave(peer: Peer): void {
    this.#slots.get(peer)?.uploader.close();
    this.#slots.delete(peer);
    if (this.#optimistic === peer) this.#optimistic = undefined;
  }

  /** Call it about every second: samples the rates, and chooses anew when a round is over. */
  review(peers: Iterable<Peer>): void {
    const nowMs = this.#options.clock.nowMs();
    this.uploaded.sample(nowMs);
    for (const { rate } of this.#slots.values()) rate.sample(nowMs);
    if (nowMs - this.#roundAtMs < ROUND_MS) return;
    this.#roundAtMs = nowMs;
    this.#rounds += 1;
    this.#choose([...peers]);
  }

  close(): void {
    for (const { uploader } of this.#slots.values()) uploader.close();
    this.#slots.clear();
  }

  #choose(peers: readonly Peer[]): void {
    const { downloadRate, isSeed, random } = this.#options;
    const candidates = peers.map((peer) => ({
      key: peer,
      interested: peer.isInterested,
      downloadRate: downloadRate(peer),
      uploadRate: this.#slots.get(peer)?.rate.bytesPerSecond ?? 0,
    }));
    const options = { slots: this.#slotCount, isSeed: isSeed(), random };
    const holder = this.#rounds % OPTIMISTIC_ROUNDS === 0 ? undefined : this.#optimistic;
    this.#optimistic = chooseOptimistic(candidates, { ...options, optimistic: holder });
    const unchoked = chooseUnchoked(candidates, { ...options, optimistic: this.#optimistic });
    for (const peer of peers) this.#setChoking(peer, !unchoked.has(peer));
  }

  #setChoking(peer: Peer, choking: boolean): void {
    if (peer.amChoking === choking) return;
    peer.setChoking(choking);
    this.#slot(peer).uploader.setChoking(choking);
  }

  #slot(peer: Peer): Slot {
    const known = this.#slots.get(peer);
    if (known !== undefined) return known;
    const { geometry, clock, limiter, has, read } = this.#options;
    const rate = new RateMeter(clock.nowMs());
    const uploader = new Uploader({
      wire: peer.wire,
      geometry,
      hasPiece: has,
      read,
      limiter,
      nowMs: () => clock.nowMs(),
      onUploaded: (bytes) => {
        rate.add(bytes);
        this.uploaded.add(bytes);
      },
    });
    const slot = { uploader, rate };
    this.#slots.set(peer, slot);
    return slot;
  }
}
