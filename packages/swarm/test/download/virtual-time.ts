interface Event {
  readonly atMs: number;
  readonly order: number;
  readonly run: () => void;
}

/** A clock that jumps from event to event; events of the same time run in the order they were scheduled. */
export class VirtualTime {
  #nowMs = 0;
  #scheduled = 0;
  readonly #heap: Event[] = [];

  get nowMs(): number {
    return this.#nowMs;
  }

  at(atMs: number, run: () => void): void {
    const event = { atMs: Math.max(atMs, this.#nowMs), order: this.#scheduled++, run };
    this.#heap.push(event);
    let index = this.#heap.length - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (isBefore(this.#heap[parent]!, event)) break;
      this.#heap[index] = this.#heap[parent]!;
      index = parent;
    }
    this.#heap[index] = event;
  }

  after(delayMs: number, run: () => void): void {
    this.at(this.#nowMs + delayMs, run);
  }

  /** Runs events until `isDone` or until `limitMs`; true if done. */
  runUntil(isDone: () => boolean, limitMs: number): boolean {
    while (!isDone()) {
      const next = this.#heap[0];
      if (next === undefined || next.atMs > limitMs) {
        this.#nowMs = Math.max(this.#nowMs, limitMs);
        return isDone();
      }
      this.#pop();
      this.#nowMs = next.atMs;
      next.run();
    }
    return true;
  }

  #pop(): void {
    const last = this.#heap.pop()!;
    const { length } = this.#heap;
    if (length === 0) return;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= length) break;
      if (child + 1 < length && isBefore(this.#heap[child + 1]!, this.#heap[child]!)) child += 1;
      if (isBefore(last, this.#heap[child]!)) break;
      this.#heap[index] = this.#heap[child]!;
      index = child;
    }
    this.#heap[index] = last;
  }
}

function isBefore(left: Event, right: Event): boolean {
  return left.atMs < right.atMs || (left.atMs === right.atMs && left.order < right.order);
}
