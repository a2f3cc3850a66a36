import { abortable } from "@riptide/core";

interface Work<V> {
  readonly result: Promise<V>;
  readonly controller: AbortController;
  waiting: number;
}

/**
 * Computes each result once for all who ask for it, and keeps the last few.
 * A failure is told to those who wait for it and not kept: whoever asks next starts anew. Work that nobody waits for any more is
 * aborted.
 */
export class SharedResults<V> {
  readonly #limit: number;
  readonly #work = new Map<string, Work<V>>();
  /** Least recently used first. */
  readonly #kept = new Map<string, { readonly value: V }>();

  /** @param limit how many results are kept */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** The result, if it is there already. */
  peek(key: string): V | undefined {
    return this.#kept.get(key)?.value;
  }

  /**
   * The kept result, or that of `compute`. Rejects with what `compute` rejects with, or with the reason of `signal` once that is
   * aborted. The signal that `compute` gets is aborted when nobody waits any more.
   */
  async get(key: string, signal: AbortSignal, compute: (signal: AbortSignal) => Promise<V>): Promise<V> {
    signal.throwIfAborted();
    const kept = this.#kept.get(key);
    if (kept !== undefined) {
      this.#keep(key, kept.value);
      return kept.value;
    }
    const work = this.#work.get(key) ?? this.#begin(key, compute);
    work.waiting += 1;
    try {
      return await abortable(work.result, signal);
    } finally {
      work.waiting -= 1;
      if (work.waiting === 0) this.#end(key, work);
    }
  }

  #begin(key: string, compute: (signal: AbortSignal) => Promise<V>): Work<V> {
    const controller = new AbortController();
    const result = compute(controller.signal).then((value) => {
      this.#keep(key, value);
      return value;
    });
    const work = { result, controller, waiting: 0 };
    this.#work.set(key, work);
    return work;
  }

  /** Finished work is done with; unfinished work is stopped. Who asks from now on starts anew. */
  #end(key: string, work: Work<V>): void {
    this.#work.delete(key);
    work.controller.abort(new DOMException("Nobody waits for this any more.", "AbortError"));
  }

  #keep(key: string, value: V): void {
    this.#kept.delete(key);
    this.#kept.set(key, { value });
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > this.#limit && oldest !== undefined) this.#kept.delete(oldest);
  }
}
