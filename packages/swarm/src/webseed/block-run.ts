import type { ByteRange } from "@riptide/core";
import { BLOCK_LENGTH_BYTES, type BlockRequest, type TorrentGeometry, torrentOffset } from "../types.ts";

/** Blocks that lie end to end, fetched as one range: cuts its bytes into them again. */
export class BlockRun {
  /** In torrent bytes. */
  readonly range: ByteRange;
  readonly #abort = new AbortController();
  readonly #blocks: readonly BlockRequest[];
  /** Those that are still to come and that somebody wants, by their place in the torrent. */
  readonly #wanted: Map<number, BlockRequest>;
  readonly #geometry: TorrentGeometry;
  /** What the server sends in front of the bytes that come next. */
  #skippedBytes = 0;
  #receivedBytes = 0;
  #nextBlock = 0;
  /** A block that came in parts. */
  #partial: Uint8Array | undefined;
  #partialBytes = 0;

  /** `blocks`: at least one, end to end. */
  constructor(blocks: readonly BlockRequest[], geometry: TorrentGeometry) {
    this.#blocks = blocks;
    this.#geometry = geometry;
    this.#wanted = new Map(blocks.map((block) => [torrentOffset(block, geometry), block]));
    const start = Math.min(...this.#wanted.keys());
    this.range = { start, end: start + blocks.reduce((sum, { length }) => sum + length, 0) };
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** What is still to come, with what must be read past. */
  get leftBytes(): number {
    return this.#skippedBytes + this.range.end - this.range.start - this.#receivedBytes;
  }

  /** This much comes first that is none of it. */
  skip(bytes: number): void {
    this.#skippedBytes = bytes;
  }

  /** Blocks that have not come whole, and that somebody wants. */
  get wanted(): Iterable<BlockRequest> {
    return this.#wanted.values();
  }

  get isWanted(): boolean {
    return this.#wanted.size > 0;
  }

  /** Nobody wants this block any more. False if it is none of this run. */
  cancel(block: BlockRequest): boolean {
    return this.#wanted.delete(torrentOffset(block, this.#geometry));
  }

  abort(reason: Error): void {
    this.#abort.abort(reason);
  }

  /** Takes the next bytes; hands over each block that is whole, its bytes only good during the call. Stops where it was aborted. */
  feed(bytes: Uint8Array, deliver: (block: BlockRequest, bytes: Uint8Array) => void): void {
    let at = 0;
    this.#skippedBytes = 0;
    while (at < bytes.length && !this.signal.aborted) {
      const block = this.#blocks[this.#nextBlock];
      if (block === undefined) return;
      const part = bytes.subarray(at, at + block.length - this.#partialBytes);
      at += part.length;
      this.#receivedBytes += part.length;
      const whole = this.#complete(block, part);
      if (whole === undefined) return;
      this.#nextBlock += 1;
      this.#wanted.delete(torrentOffset(block, this.#geometry));
      deliver(block, whole);
    }
  }

  #complete(block: BlockRequest, part: Uint8Array): Uint8Array | undefined {
    if (part.length === block.length) return part;
    this.#partial ??= new Uint8Array(BLOCK_LENGTH_BYTES);
    this.#partial.set(part, this.#partialBytes);
    this.#partialBytes += part.length;
    if (this.#partialBytes < block.length) return undefined;
    this.#partialBytes = 0;
    return this.#partial.subarray(0, block.length);
  }
}

/** Takes the first request and those behind it that go on where the one before ends off the queue. */
export function takeRun(queue: BlockRequest[], geometry: TorrentGeometry, maxBlocks: number): BlockRequest[] {
  let count = 1;
  while (count < Math.min(queue.length, maxBlocks) && follows(queue[count], queue[count - 1], geometry)) count += 1;
  return queue.splice(0, count);
}

/** Whether a request goes on where the other ends. */
function follows(next: BlockRequest | undefined, last: BlockRequest | undefined, geometry: TorrentGeometry): boolean {
  if (next === undefined || last === undefined) return false;
  return torrentOffset(next, geometry) === torrentOffset(last, geometry) + last.length;
}
