import { type BoxTable, tableAt } from "./full-box-table.ts";
import { RunTable } from "./run-table.ts";
import type { SampleSizes } from "./sample-sizes.ts";

/** How many samples each chunk has, and where the chunks lie (ISO/IEC 14496-12 §8.7.4 and §8.7.5). */
export class Chunks {
  /** The runs of `stsc`: items are chunks, their sum counts samples. */
  readonly samplesPerChunk: RunTable;
  readonly #stbl: Uint8Array;
  readonly #offsets: BoxTable;
  readonly #areOffsetsLong: boolean;

  constructor(stbl: Uint8Array) {
    this.#stbl = stbl;
    const short = tableAt(stbl, "stco", 4);
    this.#areOffsetsLong = short === undefined;
    this.#offsets = short ?? tableAt(stbl, "co64", 8) ?? NOTHING;
    this.samplesPerChunk = this.runs((samples) => samples);
  }

  /** The runs of `stsc`, with something else in place of the samples of a chunk. */
  runs(valueOf: (samplesPerChunk: number) => number): RunTable {
    return chunkRuns(this.#stbl, this.#offsets.length, valueOf);
  }

  /** Offset in the file, as the table says: infinite where it says nothing, rounded beyond 2^53, outside every file. */
  offsetOf(chunk: number): number {
    const { view, length } = this.#offsets;
    if (chunk >= length) return Number.POSITIVE_INFINITY;
    return this.#areOffsetsLong ? Number(view.getBigUint64(8 * chunk)) : view.getUint32(4 * chunk);
  }

  cursor(sizes: SampleSizes): ChunkCursor {
    return new ChunkCursor(this, sizes);
  }
}

/** Finds samples in their chunks; cheap as long as it goes forward. */
class ChunkCursor {
  readonly #chunks: Chunks;
  readonly #sizes: SampleSizes;
  /** The sample that the cursor is at, and the one behind its chunk. */
  #number = 0;
  #endNumber = 0;
  #offsetBytes = 0;

  constructor(chunks: Chunks, sizes: SampleSizes) {
    this.#chunks = chunks;
    this.#sizes = sizes;
  }

  /** Where a sample starts that is in some chunk. */
  offsetOf(number: number): number {
    if (number < this.#number || number >= this.#endNumber) this.#enterChunkOf(number);
    this.#offsetBytes += this.#sizes.sum(this.#number, number);
    this.#number = number;
    return this.#offsetBytes;
  }

  #enterChunkOf(number: number): void {
    const run = this.#chunks.samplesPerChunk.runOfSum(number)!;
    const chunksBefore = Math.floor((number - run.firstSum) / run.value);
    this.#number = run.firstSum + chunksBefore * run.value;
    this.#endNumber = this.#number + run.value;
    this.#offsetBytes = this.#chunks.offsetOf(run.firstItem + chunksBefore);
  }
}

const NOTHING: BoxTable = { view: new DataView(new ArrayBuffer(0)), length: 0 };

/** §8.7.4.3: each entry holds from its first chunk, numbered from 1, to the first chunk of the next. */
function chunkRuns(stbl: Uint8Array, chunkCount: number, valueOf: (samplesPerChunk: number) => number): RunTable {
  const { view, length } = tableAt(stbl, "stsc", 12) ?? NOTHING;
  const firstChunkOf = (run: number) => (run === 0 ? 0 : run < length ? view.getUint32(12 * run) - 1 : chunkCount);
  return new RunTable({
    length,
    // An entry that does not ascend, or points beyond the last chunk, holds for no chunk.
    count: (run) => Math.max(0, Math.min(firstChunkOf(run + 1), chunkCount) - firstChunkOf(run)),
    value: (run) => valueOf(view.getUint32(12 * run + 4)),
  });
}
