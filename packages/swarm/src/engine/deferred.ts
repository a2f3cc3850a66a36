/** A value that comes from outside, once, and that several can wait for, each with a signal of its own. */
export class Deferred<Value> {
  readonly #waiters = new Set<(value: Value) => void>();
  #outcome: { readonly value: Value } | undefined;

  get isResolved(): boolean {
    return this.#outcome !== undefined;
  }

  /** The first value counts. */
  resolve(value: Value): void {
    if (this.#outcome !== undefined) return;
    this.#outcome = { value };
    for (const waiter of this.#waiters) waiter(value);
    this.#waiters.clear();
  }

  /** The value; rejects with the signal's reason if that comes first, and leaves nothing behind then. */
  wait(signal?: AbortSignal): Promise<Value> {
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      if (this.#outcome !== undefined) return resolve(this.#outcome.value);
      const waiter = (value: Value): void => {
        signal?.removeEventListener("abort", abort);
        resolve(value);
      };
      const abort = (): void => {
        this.#waiters.delete(waiter);
        reject(signal?.reason);
      };
      this.#waiters.add(waiter);
      signal?.addEventListener("abort", abort, { once: true });
    });
  }
}
