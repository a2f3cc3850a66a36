import { firstWhere } from "../samples/first-where.ts";
import type { Sample, SampleList } from "../samples/sample.ts";
import { Chunks } from "./chunks.ts";
import { tableAt } from "./full-box-table.ts";
import type { Run, RunTable } from "./run-table.ts";
import { SampleSizes } from "./sample-sizes.ts";
import { compositionOffsets, decodingTimes } from "./sample-times.ts";
import { SoundFrames } from "./sound-frames.ts";

export interface SampleTableOptions {
  /** What the edit list adds to all times. */
  readonly shiftTicks: number;
  readonly isVideo: boolean;
  /** How many samples may be listed. */
  readonly limit: number;
}

/**
 * The samples that an `stbl` box lists (ISO/IEC 14496-12 §8.5 to §8.7), looked up in its bytes where they lie. Where its
 * tables disagree the shortest counts. Throws `damaged_media` if one is shorter than its fields.
 */
export function readSampleTable(stbl: Uint8Array, options: SampleTableOptions): SampleList {
  const times = decodingTimes(stbl);
  const sizes = new SampleSizes(stbl);
  const chunks = new Chunks(stbl);
  const sampleSizeBytes = sizes.fixedSizeBytes;
  // One tick per sample: these are no packets but single values of sound.
  if (!options.isVideo && sampleSizeBytes !== undefined && times.sum === times.items) {
    return new SoundFrames(chunks, { ...options, sampleSizeBytes });
  }
  return new SampleTable(stbl, { ...options, times, sizes, chunks });
}

interface Tables extends SampleTableOptions {
  readonly times: RunTable;
  readonly sizes: SampleSizes;
  readonly chunks: Chunks;
}

class SampleTable implements SampleList {
  readonly count: number;
  readonly packetTicks: number | undefined;
  readonly syncNumbers: Uint32Array | undefined;
  readonly #tables: Tables;
  readonly #compositionOffsets: RunTable | undefined;

  constructor(stbl: Uint8Array, tables: Tables) {
    const { times, sizes, chunks, limit } = tables;
    this.#tables = tables;
    this.#compositionOffsets = compositionOffsets(stbl);
    this.count = Math.min(times.items, sizes.count, chunks.samplesPerChunk.sum, limit);
    this.packetTicks = commonDuration(times);
    this.syncNumbers = tables.isVideo ? syncNumbers(stbl, this.count) : undefined;
  }

  dtsTicksOf(number: number): number {
    return this.#tables.shiftTicks + ticksAt(this.#tables.times.runOfItem(number), number);
  }

  *samples(numbers: Iterable<number>): Generator<Sample, void> {
    const { times, sizes, chunks, shiftTicks } = this.#tables;
    const offsets = chunks.cursor(sizes);
    let time: Run | undefined;
    let composition: Run | undefined;
    for (const number of numbers) {
      if (number >= this.count) return;
      if (!holds(time, number)) time = times.runOfItem(number);
      if (!holds(composition, number)) composition = this.#compositionOffsets?.runOfItem(number);
      const dtsTicks = shiftTicks + ticksAt(time, number);
      yield {
        offsetBytes: offsets.offsetOf(number),
        sizeBytes: sizes.at(number),
        dtsTicks,
        ptsTicks: dtsTicks + (composition?.value ?? 0),
        durationTicks: time?.value ?? 0,
        isKeyframe: this.syncNumbers === undefined || includesSorted(this.syncNumbers, number),
      };
    }
  }
}

function holds(run: Run | undefined, item: number): boolean {
  return run !== undefined && item >= run.firstItem && item < run.firstItem + run.count;
}

function ticksAt(run: Run | undefined, item: number): number {
  return run === undefined ? 0 : run.firstSum + (item - run.firstItem) * run.value;
}

/** The duration of all samples; the last is often shorter, and still counts as alike. */
function commonDuration(times: RunTable): number | undefined {
  const first = times.runOfItem(0);
  return first === undefined || first.count < times.items - 1 ? undefined : first.value;
}

/** §8.6.2: `stss` numbers the sync samples from 1; without it all are. */
function syncNumbers(stbl: Uint8Array, sampleCount: number): Uint32Array | undefined {
  const stss = tableAt(stbl, "stss", 4);
  if (stss === undefined) return undefined;
  const numbers = new Uint32Array(Math.min(stss.length, sampleCount));
  let isAscending = true;
  for (let index = 0; index < numbers.length; index += 1) {
    numbers[index] = stss.view.getUint32(4 * index) - 1;
    isAscending &&= index === 0 || numbers[index]! > numbers[index - 1]!;
  }
  return isAscending ? numbers : numbers.sort();
}

function includesSorted(numbers: Uint32Array, wanted: number): boolean {
  return numbers[firstWhere(numbers.length, (index) => numbers[index]! >= wanted)] === wanted;
}
