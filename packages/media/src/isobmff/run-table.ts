import { firstWhere } from "../samples/first-where.ts";

/** A run of equal items: `count` items of `value` each, behind `firstItem` items that sum up to `firstSum`. */
export interface Run {
  readonly firstItem: number;
  readonly firstSum: number;
  readonly count: number;
  readonly value: number;
}

/** How the runs of a table are read off its bytes. */
export interface RunSource {
  readonly length: number;
  readonly count: (run: number) => number;
  readonly value: (run: number) => number;
}

/** Sums are kept for one run of so many: a table of a film takes an eighth more memory, a look-up at most so many steps. */
const RUNS_PER_CHECKPOINT = 16;

/**
 * A run-length table that is looked up where it lies, by item or by the sum of the items before: the times of samples
 * (stts, ctts) and the samples of chunks (stsc) are such tables. It ends where its sums would no longer be exact.
 */
export class RunTable {
  /** Items in all runs. */
  readonly items: number;
  /** The sum of all items. */
  readonly sum: number;
  readonly #source: RunSource;
  /** Items and sums before every sixteenth run. */
  readonly #itemsBefore: Float64Array;
  readonly #sumsBefore: Float64Array;

  constructor(source: RunSource) {
    this.#source = source;
    const checkpoints = Math.ceil(source.length / RUNS_PER_CHECKPOINT);
    this.#itemsBefore = new Float64Array(checkpoints);
    this.#sumsBefore = new Float64Array(checkpoints);
    let items = 0;
    let sum = 0;
    for (let run = 0, isExact = true; run < source.length; run += 1) {
      if (run % RUNS_PER_CHECKPOINT === 0) {
        this.#itemsBefore[run / RUNS_PER_CHECKPOINT] = items;
        this.#sumsBefore[run / RUNS_PER_CHECKPOINT] = sum;
      }
      const count = source.count(run);
      const nextSum = sum + count * source.value(run);
      isExact &&= Number.isSafeInteger(nextSum) && Number.isSafeInteger(items + count);
      if (!isExact) continue;
      items += count;
      sum = nextSum;
    }
    this.items = items;
    this.sum = sum;
  }

  /** The run that holds an item; undefined beyond the last. */
  runOfItem(item: number): Run | undefined {
    if (item < 0 || item >= this.items) return undefined;
    return this.#scan(lastAtOrBelow(this.#itemsBefore, item), (run) => run.firstItem + run.count > item);
  }

  /** The run in which the sum passes `sum`; undefined beyond the whole sum. For tables of values that are never negative. */
  runOfSum(sum: number): Run | undefined {
    if (sum < 0 || sum >= this.sum) return undefined;
    return this.#scan(lastAtOrBelow(this.#sumsBefore, sum), (run) => run.firstSum + run.count * run.value > sum);
  }

  #scan(checkpoint: number, isWanted: (run: Run) => boolean): Run | undefined {
    let firstItem = this.#itemsBefore[checkpoint]!;
    let firstSum = this.#sumsBefore[checkpoint]!;
    for (let index = checkpoint * RUNS_PER_CHECKPOINT; index < this.#source.length; index += 1) {
      const run = { firstItem, firstSum, count: this.#source.count(index), value: this.#source.value(index) };
      if (isWanted(run)) return run;
      firstItem += run.count;
      firstSum += run.count * run.value;
    }
    return undefined;
  }
}

/** The last of the ascending `values` that is at most `wanted`; the first if none is. */
function lastAtOrBelow(values: Float64Array, wanted: number): number {
  return Math.max(0, firstWhere(values.length, (index) => values[index]! > wanted) - 1);
}
