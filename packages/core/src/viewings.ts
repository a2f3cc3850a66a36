import type { Viewing, ViewingEvent, ViewingStore } from "./ports/viewing-store.ts";

/** A film a day for nearly three years; as JSON less than a megabyte. */
export const VIEWINGS_LIMIT = 1000;

/** Credits of films run for minutes, those of short ones for less. */
const REST_MAX_SECONDS = 180;
const REST_MAX_SHARE = 0.05;

/** Whether so little is left that nobody wants to go on there: less than the smaller of 5 % and three minutes. */
export function isFinished({
  positionSeconds,
  durationSeconds,
}: Pick<Viewing, "positionSeconds" | "durationSeconds">): boolean {
  if (durationSeconds === undefined) return false;
  return durationSeconds - positionSeconds < Math.min(REST_MAX_SECONDS, durationSeconds * REST_MAX_SHARE);
}

export interface RecentViewingsOptions {
  /** Milliseconds since 1970. Only shown: the order is that of recording, for wall clocks go back. */
  readonly wallClockMs: () => number;
  /** What was recorded before, the oldest first. */
  readonly recorded?: readonly Viewing[];
}

/** Viewings in memory. */
export class RecentViewings implements ViewingStore {
  readonly #wallClockMs: () => number;
  /** The oldest first. */
  readonly #viewings = new Map<string, Viewing>();
  readonly #listeners = new Set<(event: ViewingEvent) => void>();

  constructor({ wallClockMs, recorded = [] }: RecentViewingsOptions) {
    this.#wallClockMs = wallClockMs;
    for (const viewing of recorded) this.#put(viewing);
  }

  list(): readonly Viewing[] {
    return [...this.#viewings.values()].reverse();
  }

  record(viewing: Omit<Viewing, "watchedAtMs">): Viewing {
    const recorded = { ...viewing, watchedAtMs: this.#wallClockMs() };
    const dropped = this.#put(recorded);
    this.#tell({ type: "viewing", viewing: recorded });
    if (dropped !== undefined) this.#tellRemoved(dropped);
    return recorded;
  }

  forget(infoHash: string, index?: number): number {
    const forgotten = this.list().filter(
      (viewing) => viewing.infoHash === infoHash && (index === undefined || viewing.index === index),
    );
    for (const viewing of forgotten) {
      this.#viewings.delete(keyOf(viewing));
      this.#tellRemoved(viewing);
    }
    return forgotten.length;
  }

  subscribe(listener: (event: ViewingEvent) => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }

  /** Returns the one that made way, if any. */
  #put(viewing: Viewing): Viewing | undefined {
    this.#viewings.delete(keyOf(viewing));
    this.#viewings.set(keyOf(viewing), viewing);
    const [oldest] = this.#viewings.values();
    if (this.#viewings.size <= VIEWINGS_LIMIT || oldest === undefined) return undefined;
    this.#viewings.delete(keyOf(oldest));
    return oldest;
  }

  #tellRemoved({ infoHash, index }: Viewing): void {
    this.#tell({ type: "viewingRemoved", infoHash, index });
  }

  #tell(event: ViewingEvent): void {
    for (const listener of this.#listeners) listener(event);
  }
}

function keyOf({ infoHash, index }: Viewing): string {
  return `${infoHash}-${index}`;
}
