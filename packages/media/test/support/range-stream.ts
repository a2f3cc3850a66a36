import type { ByteRange } from "@riptide/core";
import type { ByteStream } from "../../src/index.ts";
import { checkedLimit } from "./memory-stream.ts";

/** Ranges of a file in memory as one stream. It refuses what a demuxer must not ask for, and may answer short. */
export class RangeStream implements ByteStream {
  readBytes = 0;
  readonly #file: Uint8Array;
  readonly #rest: { start: number; end: number }[];
  readonly #readLimitBytes: number;

  constructor(file: Uint8Array, ranges: readonly ByteRange[], readLimitBytes = Number.POSITIVE_INFINITY) {
    this.#file = file;
    this.#rest = ranges.map((range) => ({ ...range }));
    this.#readLimitBytes = readLimitBytes;
  }

  get offsetBytes(): number {
    return this.#current?.start ?? this.#file.length;
  }

  async next(lengthBytes: number, readyLimitBytes = lengthBytes): Promise<Uint8Array | undefined> {
    const limitBytes = checkedLimit(lengthBytes, readyLimitBytes);
    const range = this.#current;
    if (range === undefined) return undefined;
    const end = Math.min(range.end, range.start + Math.min(limitBytes, this.#readLimitBytes));
    const piece = this.#file.subarray(range.start, end);
    range.start = end;
    this.readBytes += piece.length;
    return piece.length === 0 ? undefined : piece;
  }

  skip(lengthBytes: number): void {
    if (!(lengthBytes >= 0)) throw new RangeError(`Cannot skip ${lengthBytes} bytes`);
    let rest = lengthBytes;
    for (let range = this.#current; range !== undefined && rest > 0; range = this.#current) {
      const step = Math.min(rest, range.end - range.start);
      range.start += step;
      rest -= step;
    }
  }

  get #current(): { start: number; end: number } | undefined {
    while (this.#rest[0] !== undefined && this.#rest[0].start === this.#rest[0].end) this.#rest.shift();
    return this.#rest[0];
  }
}
