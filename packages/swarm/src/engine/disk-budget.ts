import type { ByteRange, Clock, Demand } from "@riptide/core";
import { pieceLength } from "../types.ts";
import type { KeptPieces } from "./kept-pieces.ts";
import { type KeptTorrent, piecesIn, planEviction } from "./plan-eviction.ts";

/** Changes come by the hundred in a second; in this time a fast swarm sends some megabytes. */
const REVIEW_MS = 20;
/** Who moves on over what is there, or ends a read, says nothing: while too much is held, it is looked at again so often. */
const HELD_REVIEW_MS = 500;
/** More than is needed goes each time, as the choice and the holes cost some milliseconds: so much of the budget, */
const EXTRA_SHARE = 1 / 32;
/** or so much, if that is no large part of it. */
const EXTRA_BYTES = 16 * 1024 * 1024;
const EXTRA_MAX_SHARE = 1 / 8;
/** How often the disk is looked at while things change: others write to it, too. */
const LOOK_MS = 2_000;
/** What is left to them of a disk that has no room for all of the budget: so much of what it has room for, */
const FREE_SHARE = 1 / 16;
/** or so much. */
const FREE_MAX_BYTES = 256 * 1024 * 1024;
/** What readers have in front of them may take this part of the budget: the rest is for what they have read. */
const WINDOW_SHARE = 1 / 2;
/** What a reader may always have in front of it: a chunk. */
const MIN_WINDOW_BYTES = 1024 * 1024;

/** One torrent whose bytes count. */
interface BudgetedTorrent {
  readonly infoHash: string;
  /** Undefined until the session has opened its storage. */
  readonly pieces: KeptPieces | undefined;
  readonly files: KeptTorrent["files"];
  /** Demands for what is not read yet. */
  readonly windowCount: number;
  /** What its readers demand, in torrent bytes. */
  readonly demandedRanges: readonly ByteRange[];
  /** When it returns, nobody can read these pieces any more. */
  evict(pieces: readonly number[]): void;
  /** `admit` answers differently from now on. */
  tellDemands(): void;
}

export interface DiskBudgetOptions {
  readonly maxBytes: number;
  /** What the disk has left. */
  readonly freeBytes: () => Promise<number>;
  readonly clock: Clock;
  readonly torrents: () => Iterable<BudgetedTorrent>;
  /** Makes the session give up pieces. */
  readonly evict: (infoHash: string, pieces: readonly number[]) => void;
}

/**
 * Bounds the bytes kept of all torrents. What readers demand and do not have counts as if it were there, so that room is
 * made before it comes; where that takes too long, they wait for it. The windows of all readers together take half of the
 * budget at most; where pieces are so large that the two at the ends of each window take more than the rest, that is what
 * is kept. On a disk that others fill, what comes gets no more than there is room for; what is there stays as long as nothing comes.
 */
export class DiskBudget implements Disposable {
  readonly #options: DiskBudgetOptions;
  /** For what is there and what comes: the budget, as far as the disk has room for it. */
  #roomBytes: number;
  #lookedMs = Number.NEGATIVE_INFINITY;
  /** As of the last review: in between, a reader that moves on has two for a moment. */
  #windows = 1;
  #admission: "windows" | "reads" | "nothing" = "windows";
  #evictedPieces = 0;
  #timer: Disposable | undefined;
  #heldTimer: Disposable | undefined;
  #isDisposed = false;

  constructor(options: DiskBudgetOptions) {
    this.#options = options;
    this.#roomBytes = options.maxBytes;
  }

  get evictedPieces(): number {
    return this.#evictedPieces;
  }

  /** Something was demanded, has come, or is gone. */
  changed(): void {
    if (this.#isDisposed) return;
    this.#timer ??= this.#options.clock.setTimer(REVIEW_MS, () => {
      this.#timer = undefined;
      this.#review();
      void this.#look();
    });
  }

  /** What of a demand may be fetched now: its start, as far as its share goes, as long as there is room. */
  admit(demand: Demand): Demand | null {
    if (this.#admission === "nothing" || (this.#admission === "reads" && demand.urgency !== "now")) return null;
    return { ...demand, range: this.#window(demand.range) };
  }

  [Symbol.dispose](): void {
    this.#isDisposed = true;
    this.#timer?.[Symbol.dispose]();
    this.#heldTimer?.[Symbol.dispose]();
  }

  #window({ start, end }: ByteRange): ByteRange {
    const shareBytes = Math.floor((this.#roomBytes * WINDOW_SHARE) / this.#windows);
    return { start, end: Math.min(end, start + Math.max(MIN_WINDOW_BYTES, shareBytes)) };
  }

  #review(): void {
    const open = this.#open();
    this.#windows = Math.max(
      1,
      sumOf(open, ({ windowCount }) => windowCount),
    );
    const comingBytes = sumOf(open, (torrent) => this.#comingBytes(torrent));
    const isComing = comingBytes > keptBytesOf(open);
    const maxBytes = isComing ? this.#roomBytes : this.#options.maxBytes;
    const extraBytes = extraBytesOf(maxBytes);
    const evictingBytes = sumOf(open, ({ pieces }) => pieces.evictingBytes);
    const neededBytes = comingBytes - evictingBytes - (maxBytes - extraBytes);
    const isTight = comingBytes > maxBytes;
    const didEvict = neededBytes > 0 && this.#evict(open, neededBytes + extraBytes);
    // Where nothing is about to go, what is read in this moment comes all the same, or nothing would ever go on.
    const tight = didEvict || evictingBytes > 0 ? "nothing" : "reads";
    this.#setAdmission(isTight ? tight : "windows");
    if (isTight) this.#reviewHeld();
  }

  #reviewHeld(): void {
    this.#heldTimer ??= this.#options.clock.setTimer(HELD_REVIEW_MS, () => {
      this.#heldTimer = undefined;
      this.changed();
    });
  }

  /** What is kept and what is free are what there is room for, however much of it is written meanwhile. */
  async #look(): Promise<void> {
    const { clock, freeBytes, maxBytes } = this.#options;
    const evictedPieces = this.#evictedPieces;
    // What is given back while the disk is asked would be in neither figure.
    const isEvicting = this.#open().some(({ pieces }) => pieces.evictingBytes > 0);
    if (isEvicting || clock.nowMs() - this.#lookedMs < LOOK_MS) return;
    this.#lookedMs = clock.nowMs();
    const free = await freeBytes().catch(() => Number.POSITIVE_INFINITY);
    if (evictedPieces !== this.#evictedPieces) {
      this.#lookedMs = Number.NEGATIVE_INFINITY;
      return;
    }
    const heldBytes = keptBytesOf(this.#open()) + free;
    const roomBytes = Math.min(maxBytes, heldBytes - Math.min(FREE_MAX_BYTES, heldBytes * FREE_SHARE));
    if (roomBytes === this.#roomBytes) return;
    this.#roomBytes = roomBytes;
    this.changed();
  }

  #open(): OpenTorrent[] {
    return [...this.#options.torrents()].filter(isOpen);
  }

  /** What will be on the disk of the torrent when all has come that is demanded. */
  #comingBytes({ pieces, demandedRanges }: OpenTorrent): number {
    let bytes = pieces.keptBytes;
    for (const piece of piecesIn(
      demandedRanges.map((range) => this.#window(range)),
      pieces.geometry,
    )) {
      if (!pieces.has(piece)) bytes += pieceLength(pieces.geometry, piece);
    }
    return bytes;
  }

  #evict(open: readonly OpenTorrent[], bytes: number): boolean {
    const kept = open.map((torrent) => describe(torrent, (range) => this.#window(range)));
    const plan = planEviction(kept, bytes);
    for (const [index, torrent] of open.entries()) {
      const leaving = plan[index] ?? [];
      if (leaving.length === 0) continue;
      this.#evictedPieces += leaving.length;
      torrent.evict(leaving);
      this.#options.evict(torrent.infoHash, leaving);
    }
    return plan.some((leaving) => leaving.length > 0);
  }

  #setAdmission(admission: "windows" | "reads" | "nothing"): void {
    if (admission === this.#admission) return;
    this.#admission = admission;
    for (const torrent of this.#options.torrents()) torrent.tellDemands();
  }
}

type OpenTorrent = BudgetedTorrent & { readonly pieces: KeptPieces };

function keptBytesOf(open: readonly OpenTorrent[]): number {
  return sumOf(open, ({ pieces }) => pieces.keptBytes);
}

function isOpen(torrent: BudgetedTorrent): torrent is OpenTorrent {
  return torrent.pieces !== undefined;
}

function describe(
  { pieces, files, demandedRanges }: OpenTorrent,
  window: (range: ByteRange) => ByteRange,
): KeptTorrent {
  return {
    geometry: pieces.geometry,
    pieces: pieces.evictable(),
    usedMs: (piece) => pieces.usedMs(piece),
    isBeingRead: (piece) => pieces.isBeingRead(piece),
    demanded: demandedRanges.map(window),
    files,
  };
}

/** Goes on top of what must go, and is kept free while that takes its time. */
function extraBytesOf(maxBytes: number): number {
  return Math.max(maxBytes * EXTRA_SHARE, Math.min(EXTRA_BYTES, maxBytes * EXTRA_MAX_SHARE));
}

function sumOf<Item>(items: readonly Item[], value: (item: Item) => number): number {
  return items.reduce((sum, item) => sum + value(item), 0);
}
