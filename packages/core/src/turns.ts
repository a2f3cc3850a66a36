export interface TurnsOptions {
  /** Turns that are taken at the same time. */
  readonly atOnce: number;
  /** Of those that wait for one, for whom nothing else bounds how many come. Undefined: everybody may wait. */
  readonly waiting?: {
    /** When there are more, the last that is not urgent (if all are, the last) is turned away. */
    readonly max: number;
    /** What it is turned away with. */
    readonly refusal: () => Error;
  };
}

export interface TurnRequest {
  readonly signal: AbortSignal;
  /** Asked whenever a turn becomes free: the urgent go first, then whoever waits longest. Nobody is urgent unless told. */
  readonly isUrgent?: () => boolean;
}

interface Waiter {
  readonly isUrgent: () => boolean;
  readonly begin: () => void;
  readonly fail: (reason: unknown) => void;
}

/** Lets so many do something at once; the others wait for their turn. A turn that ends is handed to one of them. */
export class Turns {
  readonly #options: TurnsOptions;
  /** In the order in which they came. */
  readonly #waiting = new Set<Waiter>();
  #free: number;

  constructor(options: TurnsOptions) {
    this.#options = options;
    this.#free = options.atOnce;
  }

  /** Resolves when the turn begins; it ends when the result is disposed. Rejects with the signal's reason, or a refusal. */
  async take(request: TurnRequest): Promise<Disposable> {
    request.signal.throwIfAborted();
    if (this.#free > 0) this.#free -= 1;
    else await this.#wait(request);
    return { [Symbol.dispose]: () => this.#end() };
  }

  /** Nobody waits any longer: all of them reject with `reason`. */
  clear(reason: unknown): void {
    for (const waiter of this.#waiting) waiter.fail(reason);
  }

  #wait({ signal, isUrgent = () => false }: TurnRequest): Promise<void> {
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        this.#waiting.delete(waiter);
        signal.removeEventListener("abort", abort);
      };
      const waiter: Waiter = {
        isUrgent,
        begin: () => {
          leave();
          resolve();
        },
        fail: (reason) => {
          leave();
          reject(reason);
        },
      };
      const abort = (): void => waiter.fail(signal.reason);
      signal.addEventListener("abort", abort, { once: true });
      this.#waiting.add(waiter);
      this.#turnSomebodyAway();
    });
  }

  #turnSomebodyAway(): void {
    const limit = this.#options.waiting;
    if (limit === undefined || this.#waiting.size <= limit.max) return;
    const all = [...this.#waiting];
    const last = all.findLast((waiter) => !waiter.isUrgent()) ?? all.at(-1);
    last?.fail(limit.refusal());
  }

  #end(): void {
    const all = [...this.#waiting];
    const next = all.find((waiter) => waiter.isUrgent()) ?? all[0];
    if (next === undefined) this.#free += 1;
    else next.begin();
  }
}
