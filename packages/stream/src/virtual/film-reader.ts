import { type ByteRange, intersectRanges, rangeLength, type StreamContext } from "@riptide/core";
import type { ByteStream } from "@riptide/media";
import { LentReads } from "../lent-reads.ts";
import { PartQueue } from "../part-queue.ts";
import { ReadyStream } from "../ready-stream.ts";
import { SequentialReader, type SequentialReaderOptions } from "../sequential-reader.ts";
import type { FilmLayout, PlacedSegment } from "./film-layout.ts";
import { segmentParts } from "./segment-parts.ts";
import { StreamWindow } from "./stream-window.ts";

/**
 * Reads a range of a virtual film. Each segment is made from its own bytes of the film when the first of it is asked for, and
 * held until the last is; what lies in front of the range is thrown away. Of the film, the segments that the range touches
 * are demanded and nothing else, one after the other.
 */
export class FilmReader {
  readonly #layout: FilmLayout;
  readonly #source: ByteStream;
  readonly #reads: LentReads;
  /** Those that are still to be made. */
  readonly #segments: PlacedSegment[];
  readonly #queue: PartQueue;
  /** Of the segment that was made last. */
  #parts: readonly Uint8Array[] = [];
  #leftBytes: number;
  /** How much of the next segment lies in front of the range. */
  #prefixBytes: number;

  constructor(
    layout: FilmLayout,
    range: ByteRange,
    { provider, chunks }: Pick<StreamContext, "provider" | "chunks">,
    options: SequentialReaderOptions,
  ) {
    this.#layout = layout;
    this.#leftBytes = rangeLength(range);
    this.#segments = layout.segments.filter((segment) => intersectRanges(segment.range, range) !== undefined);
    const sources = this.#segments.flatMap((segment) => segment.sources);
    // A segment is made whole before the first of it is sent.
    const neededBytes = sourceBytes(this.#segments[0]);
    const source = new SequentialReader(provider, sources, { ...options, neededBytes });
    this.#reads = new LentReads(chunks);
    this.#source = this.#reads.watch(new ReadyStream(source, provider));
    this.#queue = new PartQueue(chunks);
    this.#queue.set([layout.head.subarray(range.start)]);
    this.#prefixBytes = Math.max(0, range.start - (this.#segments[0]?.range.start ?? 0));
  }

  /** Makes what the first bytes lie in. Rejects like `next`. */
  async prepare(): Promise<void> {
    const [segment] = this.#segments;
    if (this.#queue.lengthBytes > 0) return;
    this.#reads.release(this.#parts);
    this.#parts = [];
    if (segment === undefined) {
      this.#reads[Symbol.dispose]();
      return;
    }
    this.#segments.shift();
    const stream = new StreamWindow(this.#source, sourceBytes(segment));
    this.#parts = await segmentParts(this.#layout, segment, { stream, reads: this.#reads });
    this.#queue.set(this.#parts);
    stream.end();
    this.#queue.skip(this.#prefixBytes);
    this.#prefixBytes = 0;
  }

  /** At most `lengthBytes` of what comes next; undefined at the end. Rejects like `segmentParts`. */
  async next(lengthBytes: number): Promise<Uint8Array | undefined> {
    await this.prepare();
    const chunk = this.#queue.take(Math.min(lengthBytes, this.#leftBytes));
    this.#leftBytes -= chunk.length;
    return chunk.length > 0 ? chunk : undefined;
  }
}

function sourceBytes(segment: PlacedSegment | undefined): number {
  return segment?.sources.reduce((sum, source) => sum + rangeLength(source), 0) ?? 0;
}
