import type { PieceProvider, ReadOptions } from "@riptide/core";
import { assertInvariant, byteRange, subtractRanges } from "@riptide/core";
import { damagedMedia } from "./damaged.ts";

/** The part of a PieceProvider that reading media needs. `readAt` may answer short, never empty before the end. */
export type ByteSource = Pick<PieceProvider, "sizeBytes" | "readAt">;

/** Headers are read in aligned blocks of this size: the smallest unit that peers hand out anyway. */
export const BLOCK_LENGTH_BYTES = 16 * 1024;

/** Blocks kept per reader. A header walk goes forward, so a few recent blocks are enough to never ask twice. */
const CACHED_BLOCKS_LIMIT = 64;

/** Reads longer than this are header bodies (moov, Cues): asked for exactly, in one go, and not cached. */
const CACHED_READ_LIMIT_BYTES = 16 * BLOCK_LENGTH_BYTES;

/**
 * No honest file needs more than its largest header (a moov of 64 MiB) and the way to it. A hostile one that
 * strews its headers over the whole file must not make us download it.
 */
const TOUCHED_LIMIT_BYTES = 96 * 1024 * 1024;

const EMPTY = new Uint8Array(0);

/**
 * Reads the headers of one file: completes short reads, caches aligned blocks, and counts what it asks for.
 * It lives as long as its signal; every read rejects with the signal's reason once that is aborted.
 */
export class MediaReader {
  readonly sizeBytes: number;
  readonly #source: ByteSource;
  readonly #signal: AbortSignal;
  /** By block number, least recently used first. */
  readonly #blocks = new Map<number, Uint8Array>();
  #touchedBytes = 0;

  constructor(source: ByteSource, options: { readonly signal: AbortSignal }) {
    this.sizeBytes = source.sizeBytes;
    this.#source = source;
    this.#signal = options.signal;
  }

  /** Bytes received from the source so far. */
  get touchedBytes(): number {
    return this.#touchedBytes;
  }

  /**
   * The bytes of `[offset, offset + length)`, cut at the end of the file: shorter only there. The result may share
   * memory with the cache and must not be written to.
   * Throws `MediaError` `damaged_media` once the file has made us read beyond any sensible header.
   */
  async bytes(offset: number, length: number): Promise<Uint8Array> {
    assertInvariant(offset >= 0 && length >= 0, `Tried to read ${length} bytes at ${offset}`);
    const end = Math.min(offset + length, this.sizeBytes);
    if (offset >= end) return EMPTY;
    if (end - offset > CACHED_READ_LIMIT_BYTES) return this.#readFully(offset, end);
    return this.#readThroughCache(offset, end);
  }

  /**
   * Asks for the last block of the file behind everything urgent, until `signal` withdraws the wish. Reads that need it
   * do not wait for it. Never rejects: what fails here fails again, and is told, where the bytes are needed.
   */
  async prefetchTail(signal: AbortSignal): Promise<void> {
    const block = Math.ceil(this.sizeBytes / BLOCK_LENGTH_BYTES) - 1;
    if (block < 1) return;
    const options = { signal: AbortSignal.any([this.#signal, signal]), urgency: "soon" } as const;
    try {
      this.#keep(block, await this.#readFully(block * BLOCK_LENGTH_BYTES, this.sizeBytes, options));
    } catch {
      // Withdrawn, or undeliverable.
    }
  }

  async #readThroughCache(start: number, end: number): Promise<Uint8Array> {
    const firstBlock = Math.floor(start / BLOCK_LENGTH_BYTES);
    const endBlock = Math.ceil(end / BLOCK_LENGTH_BYTES);
    const blocks = await this.#loadBlocks(firstBlock, endBlock);
    const joined = blocks.length === 1 ? blocks[0]! : concatenate(blocks);
    const origin = firstBlock * BLOCK_LENGTH_BYTES;
    return joined.subarray(start - origin, end - origin);
  }

  /** Blocks `[first, end)`; each gap between cached ones takes one read. */
  async #loadBlocks(first: number, end: number): Promise<Uint8Array[]> {
    const numbers = Array.from({ length: end - first }, (_, index) => first + index);
    const held = new Map(numbers.map((block) => [block, this.#blocks.get(block)]));
    const cached = numbers.filter((block) => this.#blocks.has(block)).map((block) => byteRange(block, block + 1));
    const gaps = subtractRanges(byteRange(first, end), cached);
    await Promise.all(
      gaps.map(async (gap) => {
        const start = gap.start * BLOCK_LENGTH_BYTES;
        const bytes = await this.#readFully(start, Math.min(gap.end * BLOCK_LENGTH_BYTES, this.sizeBytes));
        for (let block = gap.start; block < gap.end; block += 1) {
          const from = block * BLOCK_LENGTH_BYTES - start;
          held.set(block, bytes.subarray(from, from + BLOCK_LENGTH_BYTES));
        }
      }),
    );
    return numbers.map((block) => this.#keep(block, held.get(block) ?? EMPTY));
  }

  #keep(block: number, bytes: Uint8Array): Uint8Array {
    this.#blocks.delete(block);
    this.#blocks.set(block, bytes);
    const [oldest = block] = this.#blocks.keys();
    if (this.#blocks.size > CACHED_BLOCKS_LIMIT) this.#blocks.delete(oldest);
    return bytes;
  }

  async #readFully(start: number, end: number, options: ReadOptions = { signal: this.#signal }): Promise<Uint8Array> {
    if (this.#touchedBytes + (end - start) > TOUCHED_LIMIT_BYTES) {
      throw damagedMedia("its headers are larger than any player could need");
    }
    const whole = new Uint8Array(end - start);
    let position = start;
    while (position < end) {
      options.signal.throwIfAborted();
      const chunk = await this.#source.readAt(position, end - position, options);
      assertInvariant(
        chunk.length > 0 && chunk.length <= end - position,
        `A read of [${position}, ${end}) gave ${chunk.length} bytes`,
      );
      whole.set(chunk, position - start);
      position += chunk.length;
      this.#touchedBytes += chunk.length;
    }
    return whole;
  }
}

/** All parts, one after the other, in memory of their own or in what `lend` has for so many bytes. */
export function concatenate(
  parts: readonly Uint8Array[],
  lend?: (lengthBytes: number) => Uint8Array | undefined,
): Uint8Array {
  const lengthBytes = parts.reduce((sum, part) => sum + part.length, 0);
  const whole = lend?.(lengthBytes) ?? new Uint8Array(lengthBytes);
  let position = 0;
  for (const part of parts) {
    whole.set(part, position);
    position += part.length;
  }
  return whole;
}
