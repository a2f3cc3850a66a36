import { assertInvariant } from "@riptide/core";

/** One reader's wishes: absolute times, in no order. */
export type Deadlines = readonly (readonly [piece: number, dueMs: number])[];

export function assertDeadlines(deadlines: Deadlines, pieceCount: number): void {
  for (const [piece, dueMs] of deadlines) {
    const isValid = Number.isInteger(piece) && piece >= 0 && piece < pieceCount && !Number.isNaN(dueMs);
    assertInvariant(isValid, `A deadline needs a piece of the torrent and a time, not ${piece} and ${dueMs}`);
  }
}

/** One reader's wishes, earliest first, and how far they have been merged with those of the others. */
interface Plan {
  readonly due: Map<number, number>;
  readonly pieces: readonly number[];
  merged: number;
}

/**
 * The wanted pieces of all readers, earliest deadline first; of several deadlines for a piece the earliest counts. Plans
 * change with every chunk that is read, and only the start of the order is ever looked at: it is merged as far as that.
 */
export class DeadlineOrder {
  readonly #plans = new Map<number, Plan>();
  /** The start of the order. */
  #merged: number[] = [];
  #head = 0;
  #version = 0;

  /** Pieces by deadline. Some may be done already: those have no `due` time any more. O(pieces of all readers). */
  get pieces(): readonly number[] {
    while (this.#mergeOne());
    return this.#merged;
  }

  /** As `pieces`, merged no further than they are taken. */
  *earliestFirst(): Generator<number, void> {
    for (let index = 0; ; index++) {
      const piece = this.at(index);
      if (piece === undefined) return;
      yield piece;
    }
  }

  /** The piece at this place of the order, or undefined beyond its end. O(readers) for each place not looked at before. */
  at(index: number): number | undefined {
    while (this.#merged.length <= index && this.#mergeOne());
    return this.#merged[index];
  }

  /** Changes whenever a wanted piece may have got a free block. */
  get version(): number {
    return this.#version;
  }

  /**
   * Replaces one reader's deadlines (`null` = it is gone), verified pieces left out. Returns the pieces that nobody wants any
   * more. O(pieces of this reader).
   */
  setReader(reader: number, deadlines: Deadlines | null, isVerified: (piece: number) => boolean): number[] {
    const old = this.#plans.get(reader);
    if (deadlines === null) this.#plans.delete(reader);
    else this.#plans.set(reader, planOf(deadlines, isVerified));
    this.#merged = [];
    for (const plan of this.#plans.values()) plan.merged = 0;
    this.rewind();
    return [...(old?.due.keys() ?? [])].filter((piece) => !this.isWanted(piece));
  }

  /** When the piece is due, or undefined if nobody wants it. */
  dueMs(piece: number): number | undefined {
    let earliestMs: number | undefined;
    for (const { due } of this.#plans.values()) {
      const dueMs = due.get(piece);
      if (dueMs !== undefined && (earliestMs === undefined || dueMs < earliestMs)) earliestMs = dueMs;
    }
    return earliestMs;
  }

  /** Nobody wants anything. */
  get isEmpty(): boolean {
    for (const { due } of this.#plans.values()) if (due.size > 0) return false;
    return true;
  }

  isWanted(piece: number): boolean {
    return this.dueMs(piece) !== undefined;
  }

  /** The piece is there. */
  remove(piece: number): void {
    for (const { due } of this.#plans.values()) due.delete(piece);
  }

  /** Blocks became free somewhere: the search for free blocks starts at the earliest deadline again. */
  rewind(): void {
    this.#head = 0;
    this.#version += 1;
  }

  /** Place in the order before which nothing can be asked for. O(1) amortised between two rewinds. */
  firstOpen(isExhausted: (piece: number) => boolean): number {
    for (; ; this.#head++) {
      const piece = this.at(this.#head);
      if (piece === undefined || (this.isWanted(piece) && !isExhausted(piece))) return this.#head;
    }
  }

  /** Takes the earliest piece that is left in any plan into the order, unless it is there already. False at the end. */
  #mergeOne(): boolean {
    let earliest: { plan: Plan; piece: number; dueMs: number } | undefined;
    for (const plan of this.#plans.values()) {
      const next = nextOf(plan);
      if (next === undefined) continue;
      const isEarlier =
        earliest === undefined ||
        next.dueMs < earliest.dueMs ||
        (next.dueMs === earliest.dueMs && next.piece < earliest.piece);
      if (isEarlier) earliest = { plan, ...next };
    }
    if (earliest === undefined) return false;
    const { plan, piece, dueMs } = earliest;
    plan.merged += 1;
    // A reader that wants it earlier has brought it already; of two that want it at the same time, the one before this.
    if (dueMs === this.dueMs(piece) && this.#merged.at(-1) !== piece) this.#merged.push(piece);
    return true;
  }
}

function planOf(deadlines: Deadlines, isVerified: (piece: number) => boolean): Plan {
  const due = new Map<number, number>();
  for (const [piece, dueMs] of deadlines) {
    if (!isVerified(piece) && dueMs < (due.get(piece) ?? Number.POSITIVE_INFINITY)) due.set(piece, dueMs);
  }
  const pieces = [...due].sort(([a, aDueMs], [b, bDueMs]) => aDueMs - bDueMs || a - b).map(([piece]) => piece);
  return { due, pieces, merged: 0 };
}

/** What comes next in the plan; pieces that are there by now are skipped. */
function nextOf(plan: Plan): { piece: number; dueMs: number } | undefined {
  for (; plan.merged < plan.pieces.length; plan.merged += 1) {
    const piece = plan.pieces[plan.merged] ?? 0;
    const dueMs = plan.due.get(piece);
    if (dueMs !== undefined) return { piece, dueMs };
  }
  return undefined;
}
