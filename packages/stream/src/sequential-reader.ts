import {
  type ByteRange,
  intersectRanges,
  type PieceProvider,
  rangeLength,
  readaheadWindow,
  type Urgency,
} from "@riptide/core";
import type { ByteStream } from "@riptide/media";

/** What it takes of a provider. */
export type ReadProvider = Pick<PieceProvider, "readAt" | "want">;

/** How fast the media plays at a place of the file, if it is known. */
export type ByteRate = (offsetBytes: number) => number | undefined;

export interface SequentialReaderOptions {
  /** Once it is aborted, reads reject with its reason and nothing is demanded any more. */
  readonly signal: AbortSignal;
  /** More than twenty seconds ahead is not demanded. */
  readonly bytesPerSecond?: ByteRate | undefined;
  /** How much of the start of the ranges is read in any case, and as fast as it comes. Default: nothing is known of it. */
  readonly neededBytes?: number;
  /** Of what is read now. Default `now`; what lies ahead is never more urgent than `soon`. */
  readonly urgency?: Urgency;
}

/**
 * Reads ranges of a file one after the other, as if they were one file. The window in front of the read head is demanded
 * from the swarm all the while, also where it reaches into the next range, and nothing else is. Its first byte is asked for before what
 * lies ahead: what is urgent is shared out among peers at once, and would come behind the rest in their queues.
 *
 * The demand ends with the last byte, with a failed read, when the signal is aborted and when the reader is disposed.
 */
export class SequentialReader implements ByteStream, Disposable {
  readonly #provider: ReadProvider;
  readonly #options: SequentialReaderOptions;
  /** What is left to read, in order. */
  #ranges: readonly ByteRange[];
  /** Where the last range ends. */
  readonly #endBytes: number;
  #readBytes = 0;
  /** Of `neededBytes`, what is still to be read. */
  #neededBytes: number;
  #demands: readonly Disposable[] = [];
  #isDisposed = false;
  readonly #dispose = (): void => this[Symbol.dispose]();

  constructor(provider: ReadProvider, ranges: readonly ByteRange[], options: SequentialReaderOptions) {
    this.#provider = provider;
    this.#options = options;
    this.#ranges = ranges.filter((range) => rangeLength(range) > 0);
    this.#endBytes = this.#ranges.at(-1)?.end ?? 0;
    this.#neededBytes = options.neededBytes ?? 0;
    options.signal.addEventListener("abort", this.#dispose);
    if (!options.signal.aborted) this.#demandAhead(1);
  }

  get offsetBytes(): number {
    return this.#ranges[0]?.start ?? this.#endBytes;
  }

  /** At most `lengthBytes` of what comes next, as soon as the first of it is there; undefined at the end. */
  async next(lengthBytes: number): Promise<Uint8Array | undefined> {
    const [range] = this.#ranges;
    if (range === undefined) return this.#end();
    try {
      const length = Math.min(lengthBytes, rangeLength(range));
      const { signal, urgency = "now" } = this.#options;
      const chunk = await this.#provider.readAt(range.start, length, { signal, urgency });
      if (chunk.length === 0) return this.#end(); // ranges may reach beyond the file
      this.#readBytes += chunk.length;
      this.skip(chunk.length);
      return chunk;
    } catch (error) {
      this[Symbol.dispose]();
      throw error;
    }
  }

  /** Passes over what comes next, also into the ranges behind it. */
  skip(lengthBytes: number): void {
    let left = lengthBytes;
    this.#neededBytes -= lengthBytes;
    this.#ranges = this.#ranges.flatMap((range) => {
      const start = Math.min(range.end, range.start + left);
      left -= start - range.start;
      return start < range.end ? { start, end: range.end } : [];
    });
    this.#demandAhead();
  }

  [Symbol.dispose](): void {
    this.#isDisposed = true;
    this.#options.signal.removeEventListener("abort", this.#dispose);
    this.#replaceDemands([]);
  }

  #end(): undefined {
    this.#ranges = [];
    this[Symbol.dispose]();
  }

  /** `urgentBytes`: so many from the read head on are about to be read. */
  #demandAhead(urgentBytes = 0): void {
    if (this.#isDisposed) return;
    const bytesPerSecond = this.#options.bytesPerSecond?.(this.offsetBytes);
    const rate = bytesPerSecond === undefined ? {} : { bytesPerSecond };
    const window = readaheadWindow({
      readHead: 0,
      end: this.#ranges.reduce((sum, range) => sum + rangeLength(range), 0),
      sequentialBytes: this.#readBytes,
      neededBytes: this.#neededBytes,
      ...rate,
    });
    const want = (lengthBytes: number, urgency: Urgency): Disposable[] => {
      let distanceBytes = 0;
      return firstBytes(this.#ranges, lengthBytes).map((range) => {
        const demand = this.#provider.want({ range, urgency, distanceBytes, ...rate });
        distanceBytes += rangeLength(range);
        return demand;
      });
    };
    this.#replaceDemands([...want(urgentBytes, this.#options.urgency ?? "now"), ...want(rangeLength(window), "soon")]);
  }

  /** New before old, so that no byte that stays wanted is given up in between. */
  #replaceDemands(demands: readonly Disposable[]): void {
    const old = this.#demands;
    this.#demands = demands;
    for (const demand of old) demand[Symbol.dispose]();
  }
}

/** The parts of the ranges that hold their first `lengthBytes` bytes. */
export function firstBytes(ranges: readonly ByteRange[], lengthBytes: number): ByteRange[] {
  let position = 0;
  return ranges.flatMap((range) => {
    const window = { start: range.start, end: range.start + Math.max(0, lengthBytes - position) };
    position += rangeLength(range);
    return intersectRanges(range, window) ?? [];
  });
}
