/** What ran this long before it died is no part of a series of deaths. */
const HEALTHY_RUN_MS = 60_000;

export interface RestartDelaysOptions {
  /** After a healthy run; after a quick death twice as long, and so on. */
  readonly firstMs: number;
  readonly lastMs: number;
}

/** When what has died is started again: later and later while it keeps dying. Policy only: it reads no clock. */
export class RestartDelays {
  readonly #options: RestartDelaysOptions;
  #quickDeaths = 0;

  constructor(options: RestartDelaysOptions) {
    this.#options = options;
  }

  /** How long to wait after it has died, having run for so long. */
  afterRun(ranMs: number): number {
    const { firstMs, lastMs } = this.#options;
    this.#quickDeaths = ranMs >= HEALTHY_RUN_MS ? 0 : this.#quickDeaths + 1;
    return Math.min(lastMs, firstMs * 2 ** this.#quickDeaths);
  }
}
