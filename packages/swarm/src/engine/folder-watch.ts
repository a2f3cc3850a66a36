import { type Clock, RiptideError } from "@riptide/core";

/** One small read each: often enough for whoever wonders, and no wear for a disk that sleeps, as it comes from memory. */
const LOOK_MS = 2_000;
const GONE =
  "The data folder is gone, or another one is in its place: what is fetched now is lost. " +
  "Bring it back, or stop Riptide and start it again.";

export interface FolderWatchOptions {
  readonly clock: Clock;
  /** Whether the folder that was opened is where it was. */
  readonly isHeld: () => Promise<boolean>;
  readonly changed: () => void;
}

/**
 * Looks whether the data folder is still there: files that are open can be read and written long after their disk was taken
 * away, or their folder deleted, and nobody would know before the next start.
 */
export class FolderWatch implements Disposable {
  readonly #options: FolderWatchOptions;
  #problem: string | undefined;
  #timer: Disposable | undefined;
  #isEnded = false;

  constructor(options: FolderWatchOptions) {
    this.#options = options;
    this.#schedule();
  }

  /** For the user; undefined while all is well. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /** For what would only be lost, or land on another disk. Throws a `RiptideError`. */
  throwIfGone(): void {
    if (this.#problem !== undefined) throw new RiptideError("storage_failed", this.#problem);
  }

  [Symbol.dispose](): void {
    this.#isEnded = true;
    this.#timer?.[Symbol.dispose]();
  }

  #schedule(): void {
    this.#timer = this.#options.clock.setTimer(LOOK_MS, () => void this.#look());
  }

  async #look(): Promise<void> {
    const isHeld = await this.#options.isHeld().catch(() => false);
    if (this.#isEnded) return;
    this.#schedule();
    if (isHeld === (this.#problem === undefined)) return;
    this.#problem = isHeld ? undefined : GONE;
    this.#options.changed();
  }
}
