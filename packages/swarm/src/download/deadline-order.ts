/** One reader's wishes: absolute times, in no order. */
export type Deadlines = readonly (readonly [piece: number, dueMs: number])[];

/** The wanted pieces of all readers, earliest deadline first; of several deadlines for a piece the earliest counts. */
export class DeadlineOrder {
  readonly #readers = new Map<number, Deadlines>();
  readonly #due = new Map<number, number>();
  #pieces: number[] = [];
  #head = 0;
  #version = 0;

  /** Pieces by deadline. Some may be done already: those have no `due` time any more. */
  get pieces(): readonly number[] {
    return this.#pieces;
  }

  /** Changes whenever a wanted piece may have got a free block. */
  get version(): number {
    return this.#version;
  }

  /** Replaces one reader's deadlines (`null` = it is gone) and sorts everything anew, verified pieces left out. */
  setReader(reader: number, deadlines: Deadlines | null, isVerified: (piece: number) => boolean): void {
    if (deadlines === null) this.#readers.delete(reader);
    else this.#readers.set(reader, [...deadlines]);
    this.#due.clear();
    for (const [piece, dueMs] of [...this.#readers.values()].flat()) {
      if (!isVerified(piece) && dueMs < (this.#due.get(piece) ?? Number.POSITIVE_INFINITY)) this.#due.set(piece, dueMs);
    }
    this.#pieces = [...this.#due].sort(([a, aDueMs], [b, bDueMs]) => aDueMs - bDueMs || a - b).map(([piece]) => piece);
    this.rewind();
  }

  /** When the piece is due, or undefined if nobody wants it. */
  dueMs(piece: number): number | undefined {
    return this.#due.get(piece);
  }

  /** Nobody wants anything. */
  get isEmpty(): boolean {
    return this.#due.size === 0;
  }

  isWanted(piece: number): boolean {
    return this.#due.has(piece);
  }

  /** The piece is there. */
  remove(piece: number): void {
    this.#due.delete(piece);
  }

  /** Blocks became free somewhere: the search for free blocks starts at the earliest deadline again. */
  rewind(): void {
    this.#head = 0;
    this.#version += 1;
  }

  /** Index in `pieces` before which nothing can be asked for. O(1) amortised between two rewinds. */
  firstOpen(isExhausted: (piece: number) => boolean): number {
    for (; this.#head < this.#pieces.length; this.#head++) {
      const piece = this.#pieces[this.#head];
      if (piece !== undefined && this.#due.has(piece) && !isExhausted(piece)) break;
    }
    return this.#head;
  }
}
