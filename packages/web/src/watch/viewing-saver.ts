/** What is remembered of a film that is watched. */
export interface Watched {
  readonly positionSeconds: number;
  readonly durationSeconds: number | undefined;
  readonly audio: number | undefined;
  readonly subtitle: string | undefined;
}

/** A crash costs no more than this. */
const SAVE_EVERY_MS = 10_000;
/** Who opens a film and closes it at once has not begun to watch it. */
const BEGUN_SECONDS = 2;

/** Decides when the place in a film is worth to be saved: every ten seconds, and at once where asked, if anything is new. */
export class ViewingSaver {
  readonly #save: (watched: Watched) => void;
  #saved: Watched | undefined;
  #savedAtMs = Number.NEGATIVE_INFINITY;
  #latest: Watched | undefined;

  constructor(save: (watched: Watched) => void) {
    this.#save = save;
  }

  /** The film has come to a place. */
  tell(watched: Watched, nowMs: number): void {
    this.#latest = watched;
    const isChoice = watched.audio !== this.#saved?.audio || watched.subtitle !== this.#saved?.subtitle;
    const isDue = nowMs - this.#savedAtMs >= SAVE_EVERY_MS;
    if (isDue || (isChoice && this.#saved !== undefined)) this.flush(nowMs);
  }

  /** Saves the place that was told last: the film pauses, or the page goes. */
  flush(nowMs: number): void {
    const latest = this.#latest;
    if (latest === undefined || latest.positionSeconds < BEGUN_SECONDS || isSame(latest, this.#saved)) return;
    this.#saved = latest;
    this.#savedAtMs = nowMs;
    this.#save(latest);
  }
}

function isSame(one: Watched, other: Watched | undefined): boolean {
  return one.positionSeconds === other?.positionSeconds && one.audio === other.audio && one.subtitle === other.subtitle;
}
