import type { Clock } from "@riptide/core";
import type { TorrentStore } from "../storage/index.ts";

/** After the disk did not give bytes back, it is asked again so much later. */
const RETRY_MS = 5_000;

export interface GivenUpPiecesOptions {
  readonly store: TorrentStore;
  readonly clock: Clock;
  readonly has: (piece: number) => boolean;
  /** From now on the session does not have this piece. */
  readonly forget: (piece: number) => void;
  /** These were given up, and their bytes are gone from the disk. */
  readonly evicted: (pieces: readonly number[]) => void;
  /** A piece was hashed once more; one that is not right is fetched again. */
  readonly checked: (piece: number, isRight: boolean) => void;
  /** `problem` may have changed. */
  readonly reviewed: () => void;
}

/**
 * Pieces that were there and are not any more: to make room, or because the disk does not give back what was written.
 * Peers were told that we have them, and BEP 3 has no word to take that back: what they ask of them is rejected.
 */
export class GivenUpPieces {
  readonly #options: GivenUpPiecesOptions;
  readonly #abort = new AbortController();
  #problem: unknown;
  /** Still on the disk. */
  #unreleased: number[] = [];
  #retry: Disposable | undefined;

  constructor(options: GivenUpPiecesOptions) {
    this.#options = options;
  }

  /** Why pieces that were given up are still on the disk; undefined = they are not. */
  get problem(): unknown {
    return this.#problem;
  }

  async evict(pieces: readonly number[]): Promise<void> {
    const { store, clock, has, forget, evicted, reviewed } = this.#options;
    for (const piece of pieces) if (has(piece)) forget(piece);
    try {
      await store.evict(pieces);
      this.#problem = undefined;
      evicted([...this.#unreleased, ...pieces]);
      this.#unreleased = [];
    } catch (error) {
      this.#problem = error;
      this.#unreleased.push(...pieces);
      if (!this.#abort.signal.aborted) this.#retry ??= clock.setTimer(RETRY_MS, () => this.#tryAgain());
    }
    reviewed();
  }

  /** Hashes what the disk gives back. What is not right, or cannot be read, is given up. */
  async check(piece: number): Promise<void> {
    const { store, has, forget, checked } = this.#options;
    const isRight = has(piece) && (await store.isRight(piece, this.#abort).catch(() => false));
    if (this.#abort.signal.aborted) return;
    if (!isRight && has(piece)) {
      forget(piece);
      // Should the record stay, the next start believes the piece, and checks it before it is served.
      await store.lose(piece).catch(() => undefined);
    }
    checked(piece, isRight);
  }

  close(): void {
    this.#retry?.[Symbol.dispose]();
    this.#abort.abort();
  }

  #tryAgain(): void {
    this.#retry = undefined;
    void this.evict([]);
  }
}
