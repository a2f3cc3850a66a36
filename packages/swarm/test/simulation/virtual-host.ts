import { createVirtualClock, type VirtualClock } from "@riptide/sim";

/**
 * What Node calls an operation on a file that is under way, with a promise, or with a callback as inside of `rm`; and the turn that is
 * given to others between two writes.
 */
const FILE_OPERATION = /^(FSReq|Immediate$)/;

/** Takes over the timers of this process as long as it is there: they run on its clock. */
export class VirtualHost implements Disposable {
  readonly clock: VirtualClock = createVirtualClock({ drain: drainDisk });
  readonly #undo: (() => void)[] = [];

  constructor() {
    this.#replace(globalThis, "setTimeout", () => (callback: () => void, delayMs: number) => {
      return new VirtualTimeout(this.clock, delayMs, callback);
    });
    this.#replace(globalThis, "clearTimeout", () => (timeout: VirtualTimeout | undefined) => {
      timeout?.[Symbol.dispose]();
    });
  }

  [Symbol.dispose](): void {
    for (const undo of this.#undo) undo();
  }

  #replace<Owner extends object, Name extends string & keyof Owner>(
    owner: Owner,
    name: Name,
    around: (original: Owner[Name]) => unknown,
  ): void {
    const original = owner[name];
    Reflect.set(owner, name, around(original));
    this.#undo.push(() => Reflect.set(owner, name, original));
  }
}

/** The disk takes no virtual time: what it was asked for is done before the next timer fires, however long that really takes. */
async function drainDisk(): Promise<void> {
  do {
    await new Promise((resolve) => setImmediate(resolve));
  } while (process.getActiveResourcesInfo().some((name) => FILE_OPERATION.test(name)));
}

/** As much of Node's `Timeout` as the wire uses. */
class VirtualTimeout implements Disposable {
  readonly #clock: VirtualClock;
  readonly #delayMs: number;
  readonly #callback: () => void;
  #timer: Disposable;

  constructor(clock: VirtualClock, delayMs: number, callback: () => void) {
    this.#clock = clock;
    this.#delayMs = delayMs;
    this.#callback = callback;
    this.#timer = clock.setTimer(delayMs, callback);
  }

  refresh(): this {
    this.#timer[Symbol.dispose]();
    this.#timer = this.#clock.setTimer(this.#delayMs, this.#callback);
    return this;
  }

  [Symbol.dispose](): void {
    this.#timer[Symbol.dispose]();
  }
}
