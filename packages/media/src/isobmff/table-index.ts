import type { KeyIndex, KeyIndexEntry } from "../key-index.ts";
import { firstWhere } from "../samples/first-where.ts";
import { isReadable, type SampleList } from "../samples/sample.ts";
import type { FilmTrack } from "./film-tracks.ts";

/** One place a second for a day; finer indexes of longer films lose their end. */
const ENTRIES_LIMIT = 100_000;

/** Where a film can be entered by its sample tables, and which samples lie between such places. */
export class TableIndex {
  /** One for each sync sample of the leading track that can be read: its presentation time, and where its bytes start. */
  readonly entries: KeyIndex;
  readonly #lead: FilmTrack | undefined;
  /** Of the samples of `entries`. */
  readonly #numbers: readonly number[];

  constructor(lead: FilmTrack | undefined, fileSizeBytes: number) {
    this.#lead = lead;
    const { entries, numbers } = lead === undefined ? { entries: [], numbers: [] } : indexOf(lead, fileSizeBytes);
    this.entries = entries;
    this.#numbers = numbers;
  }

  has(entry: KeyIndexEntry): boolean {
    const { timeSeconds, offsetBytes } = this.entries[this.#positionOf(entry)] ?? {};
    return timeSeconds === entry.timeSeconds && offsetBytes === entry.offsetBytes;
  }

  /**
   * The first sample of a track that belongs to the stretch from `entry` on: of the leading track the sync sample, of others
   * the first that is not decoded before the time of the entry.
   */
  firstNumberOf(track: FilmTrack, entry: KeyIndexEntry): number {
    if (track === this.#lead) return this.#numbers[this.#positionOf(entry)] ?? 0;
    const { list, coded } = track;
    return firstWhere(list.count, (number) => list.dtsTicksOf(number) / coded.timescale >= entry.timeSeconds);
  }

  /** The last entry at or before the time of `entry`, -1 if there is none. */
  #positionOf(entry: KeyIndexEntry): number {
    return firstWhere(this.entries.length, (index) => this.entries[index]!.timeSeconds > entry.timeSeconds) - 1;
  }
}

function indexOf(lead: FilmTrack, fileSizeBytes: number): { entries: KeyIndexEntry[]; numbers: number[] } {
  const { list, coded } = lead;
  const candidates = [...syncNumbersOf(list, coded.timescale)];
  const entries: KeyIndexEntry[] = [];
  const numbers: number[] = [];
  const offsets = new Set<number>();
  let position = 0;
  for (const sample of list.samples(candidates)) {
    const number = candidates[position]!;
    position += 1;
    const { offsetBytes } = sample;
    const timeSeconds = sample.ptsTicks / coded.timescale;
    const isLater = timeSeconds > (entries.at(-1)?.timeSeconds ?? Number.NEGATIVE_INFINITY);
    if (!isLater || !isReadable(sample, fileSizeBytes) || offsets.has(offsetBytes)) continue;
    offsets.add(offsetBytes);
    entries.push({ timeSeconds, offsetBytes });
    numbers.push(number);
  }
  return { entries, numbers };
}

/** The sync samples; where all samples are, as in sound, the first and then one after each second. */
function* syncNumbersOf(list: SampleList, timescale: number): Generator<number, void> {
  if (list.syncNumbers !== undefined) {
    yield* list.syncNumbers.subarray(0, ENTRIES_LIMIT);
    return;
  }
  let number = 0;
  for (let entry = 0; entry < ENTRIES_LIMIT && number < list.count; entry += 1) {
    yield number;
    const nextTicks = list.dtsTicksOf(number) + timescale;
    number = firstWhere(list.count, (later) => list.dtsTicksOf(later) >= nextTicks);
  }
}
