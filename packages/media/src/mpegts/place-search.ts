import type { KeyIndexEntry } from "../key-index.ts";

/** Places remembered per file: a few dozen searches' worth. */
const PLACES_LIMIT = 512;
/** Looked for so much earlier than the bytes say: what is a little too late is of no use. */
const EARLY_SECONDS = 0.5;

/** Between which known places a time lies, and where to look next. */
export interface Place {
  readonly lower: KeyIndexEntry;
  readonly upper: KeyIndexEntry;
  readonly guessBytes: number;
}

/** What is known of when which bytes of a film are shown. */
export class PlaceSearch {
  readonly #end: KeyIndexEntry;
  /** The oldest first. */
  readonly #places: KeyIndexEntry[] = [];

  constructor(sizeBytes: number, durationSeconds: number | undefined) {
    this.#end = { offsetBytes: sizeBytes, timeSeconds: durationSeconds ?? Number.POSITIVE_INFINITY };
  }

  remember(place: KeyIndexEntry): void {
    this.#places.push(place);
    if (this.#places.length > PLACES_LIMIT) this.#places.shift();
  }

  /**
   * The next known places before and behind a time. The guess is by turns where the time is if the bytes are spread evenly over
   * it, and in the middle, because films are not even.
   */
  around(timeSeconds: number, turn: number): Place {
    let [lower, upper] = [START, this.#end];
    for (const place of this.#places) {
      if (place.timeSeconds <= timeSeconds && place.offsetBytes > lower.offsetBytes) lower = place;
    }
    for (const place of this.#places) {
      const isBetween = place.offsetBytes > lower.offsetBytes && place.offsetBytes < upper.offsetBytes;
      if (isBetween && place.timeSeconds > timeSeconds) upper = place;
    }
    const gapBytes = upper.offsetBytes - lower.offsetBytes;
    const share = (timeSeconds - EARLY_SECONDS - lower.timeSeconds) / (upper.timeSeconds - lower.timeSeconds);
    const isEven = turn % 2 === 0 && share > 0 && share < 1;
    return { lower, upper, guessBytes: lower.offsetBytes + Math.floor(gapBytes * (isEven ? share : 0.5)) };
  }
}

const START: KeyIndexEntry = { offsetBytes: 0, timeSeconds: 0 };
