import { type ByteRange, intersectRanges, type PieceProvider, rangeLength } from "@riptide/core";
import type { FastStartLayout, FastStartPart } from "@riptide/media";
import { SequentialReader, type SequentialReaderOptions } from "../sequential-reader.ts";

/** Reads a range of a rearranged file. Of the original, what lies in the range is demanded and nothing else. */
export class PartsReader implements Disposable {
  readonly #source: SequentialReader;
  /** What is left to read. */
  readonly #parts: FastStartPart[];

  constructor({ parts }: FastStartLayout, range: ByteRange, provider: PieceProvider, options: SequentialReaderOptions) {
    this.#parts = partsOf(parts, range);
    const sources = this.#parts.flatMap((part) => (part.kind === "source" ? [part.range] : []));
    this.#source = new SequentialReader(provider, sources, options);
  }

  /** At most `lengthBytes` of what comes next; undefined at the end. Rejects with what the provider rejects with. */
  async next(lengthBytes: number): Promise<Uint8Array | undefined> {
    const [part] = this.#parts;
    if (part === undefined) return undefined;
    const chunk =
      part.kind === "bytes"
        ? part.bytes.subarray(0, lengthBytes)
        : (await this.#source.next(Math.min(lengthBytes, rangeLength(part.range))))!;
    this.#parts.splice(0, 1, ...withoutFirst(part, chunk.length));
    return chunk;
  }

  /** Demands nothing any more. */
  [Symbol.dispose](): void {
    this.#source[Symbol.dispose]();
  }
}

/** What of the parts lies in a range of the file that they make up. */
function partsOf(parts: readonly FastStartPart[], range: ByteRange): FastStartPart[] {
  let position = 0;
  return parts.flatMap((part) => {
    const start = position;
    position += lengthOf(part);
    const inside = intersectRanges(range, { start, end: position });
    return inside === undefined ? [] : [cut(part, inside.start - start, inside.end - start)];
  });
}

function withoutFirst(part: FastStartPart, lengthBytes: number): FastStartPart[] {
  const end = lengthOf(part);
  return lengthBytes < end ? [cut(part, lengthBytes, end)] : [];
}

function cut(part: FastStartPart, start: number, end: number): FastStartPart {
  if (part.kind === "bytes") return { kind: "bytes", bytes: part.bytes.subarray(start, end) };
  return { kind: "source", range: { start: part.range.start + start, end: part.range.start + end } };
}

function lengthOf(part: FastStartPart): number {
  return part.kind === "bytes" ? part.bytes.length : rangeLength(part.range);
}
