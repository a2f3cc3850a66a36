import type { Clock } from "@riptide/core";
import type { PartialPiece } from "../download/index.ts";

/** A crash loses at most what came in about twice this time of a piece that takes long. */
const ROUND_MS = 3_000;
/** Writing takes no more of the disk's time than this: 64 MiB, the most that is kept, every 16 seconds. */
const MAX_BYTES_PER_MS = 4 * 1024;
/** Longer than it takes until a full disk is tried again: nothing is saved in between, which would only fill it. */
const GIVE_WAY_MS = 10_000;

export interface PartialKeeperOptions {
  readonly clock: Clock;
  /** Pieces of which some blocks are there. */
  readonly current: () => readonly number[];
  readonly export: (pieces: readonly number[]) => PartialPiece[];
  readonly isVerified: (piece: number) => boolean;
  readonly save: (pieces: readonly PartialPiece[]) => Promise<void>;
  readonly load: () => Promise<PartialPiece[]>;
  /** Payload that has arrived so far. */
  readonly downloadedBytes: () => number;
  /** Pieces that lie in the file. */
  readonly saved: readonly number[];
}

/**
 * Keeps blocks of pieces that are not complete on the disk: of those that take longer than a round while it runs, so that
 * a fast swarm costs nothing, and of all at the end. Those of pieces that had to make way in memory stay there.
 */
export class PartialKeeper {
  readonly #options: PartialKeeperOptions;
  #saved: ReadonlySet<number>;
  #current: ReadonlySet<number> = new Set();
  #nextRoundMs = 0;
  #savedAtBytes = 0;
  #saving: Promise<void> | undefined;

  constructor(options: PartialKeeperOptions) {
    this.#options = options;
    this.#saved = new Set(options.saved);
  }

  /** Call it about every second. */
  review(): void {
    const { clock, current, downloadedBytes } = this.#options;
    if (this.#saving !== undefined || clock.nowMs() < this.#nextRoundMs) return;
    const pieces = current();
    const slow = pieces.filter((piece) => this.#current.has(piece));
    this.#current = new Set(pieces);
    this.#nextRoundMs = clock.nowMs() + ROUND_MS;
    if (slow.length === 0 || downloadedBytes() === this.#savedAtBytes) return;
    this.#savedAtBytes = downloadedBytes();
    const partials = this.#options.export(slow);
    const bytes = partials.reduce((sum, partial) => sum + partial.bytes.length, 0);
    this.#nextRoundMs = clock.nowMs() + Math.max(ROUND_MS, bytes / MAX_BYTES_PER_MS);
    // They are only a head start: a disk that takes no pieces says so by itself.
    this.#saving = this.#save(partials)
      .catch(() => undefined)
      .finally(() => {
        this.#saving = undefined;
      });
  }

  /** The disk is full: what is saved takes the room that whole pieces need, and what is in memory does without. */
  giveWay(): void {
    this.#nextRoundMs = this.#options.clock.nowMs() + GIVE_WAY_MS;
    if (this.#saved.size === 0 && this.#saving === undefined) return;
    this.#saving = (this.#saving ?? Promise.resolve())
      .then(async () => {
        await this.#options.save([]);
        this.#saved = new Set();
      })
      .catch(() => undefined)
      .finally(() => {
        this.#saving = undefined;
      });
  }

  /** Saves everything. */
  async close(): Promise<void> {
    await this.#saving;
    await this.#save(this.#options.export(this.#options.current()));
  }

  async #save(partials: readonly PartialPiece[]): Promise<void> {
    const current = new Set(partials.map(({ piece }) => piece));
    const isDropped = (piece: number): boolean =>
      this.#saved.has(piece) && !current.has(piece) && !this.#options.isVerified(piece);
    const hasDropped = [...this.#saved].some(isDropped);
    const dropped = hasDropped ? (await this.#options.load()).filter(({ piece }) => isDropped(piece)) : [];
    // The new ones first: what does not fit is left out.
    await this.#options.save([...partials, ...dropped]);
    this.#saved = new Set([...current, ...dropped.map(({ piece }) => piece)]);
  }
}
