/** A promise that is settled from outside, and that several can wait for, each with a signal of its own. */
export class Deferred<Value> {
  readonly promise: Promise<Value>;
  #resolve!: (value: Value) => void;

  constructor() {
    this.promise = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  resolve(value: Value): void {
    this.#resolve(value);
  }

  /** The value; rejects with the signal's reason if that comes first. */
  wait(signal: AbortSignal): Promise<Value> {
    return new Promise((resolve, reject) => {
      signal.throwIfAborted();
      const abort = (): void => reject(signal.reason);
      signal.addEventListener("abort", abort, { once: true });
      void this.promise.then((value) => {
        signal.removeEventListener("abort", abort);
        resolve(value);
      });
    });
  }
}
