import { type BlockRequest, pieceLength, type TorrentGeometry, torrentOffset } from "../types.ts";
import type { Wire } from "../wire/index.ts";
import type { RateLimiter } from "./rate-limiter.ts";
import { MIN_UPLOAD_WINDOW_BYTES, nextUploadWindow } from "./upload-window.ts";

/** Requests kept for one peer; what comes on top is rejected. More than the 250 that clients ask at once by default. */
export const MAX_QUEUED_REQUESTS = 512;
/** Old clients ask for up to 128 KiB at a time; nobody asks for more. */
export const MAX_REQUEST_BYTES = 128 * 1024;
/** Adjacent blocks read in one go, if the window has room for as many. */
export const MAX_RUN_BLOCKS = 32;
/** One request that no client sends may be a slip; the second is a habit. */
const MAX_IMPOSSIBLE_REQUESTS = 1;

export interface UploaderOptions {
  readonly wire: Pick<Wire, "block" | "reject" | "close" | "isClosed" | "queuedBytes" | "drained">;
  readonly geometry: TorrentGeometry;
  readonly hasPiece: (piece: number) => boolean;
  /** Reads `length` bytes at `offset` of the torrent, all of them; a failure rejects the requests. */
  readonly read: (offset: number, length: number, options: { signal: AbortSignal }) => Promise<Uint8Array>;
  readonly nowMs: () => number;
  /** Shared by all uploaders; undefined = no limit. */
  readonly limiter?: RateLimiter | undefined;
  /** Called as bytes are handed to the wire. */
  readonly onUploaded: (bytes: number) => void;
}

/**
 * Serves the requests of one peer, in order. Starts choked, as a connection does (BEP 3).
 * Whoever sends CHOKE and UNCHOKE tells it; whoever hears that the wire closed closes it.
 */
export class Uploader {
  readonly #options: UploaderOptions;
  readonly #closing = new AbortController();
  #queue: BlockRequest[] = [];
  #isChoking = true;
  #isServing = false;
  #impossibleRequests = 0;
  /** What is read, and handed to the wire, at once; and what may lie there before the next read. */
  #windowBytes = MIN_UPLOAD_WINDOW_BYTES;

  constructor(options: UploaderOptions) {
    this.#options = options;
  }

  get queuedRequests(): number {
    return this.#queue.length;
  }

  request(block: BlockRequest): void {
    const { wire, geometry, hasPiece } = this.#options;
    if (!isPossible(block, geometry)) {
      this.#impossibleRequests += 1;
      if (this.#impossibleRequests > MAX_IMPOSSIBLE_REQUESTS) return wire.close("impossible requests");
      return wire.reject(block);
    }
    if (this.#isChoking || !hasPiece(block.piece) || this.#queue.length >= MAX_QUEUED_REQUESTS)
      return wire.reject(block);
    this.#queue.push(block);
    if (!this.#isServing) void this.#serve();
  }

  /** BEP 6: a cancelled request is answered too, with a reject, or with the block if that is on its way already. */
  cancel(block: BlockRequest): void {
    const index = this.#queue.findIndex((queued) => isSameBlock(queued, block));
    if (index < 0) return;
    this.#queue.splice(index, 1);
    this.#options.wire.reject(block);
  }

  /** BEP 6: a choke rejects nothing by itself, so each request that it drops is rejected. */
  setChoking(isChoking: boolean): void {
    this.#isChoking = isChoking;
    if (isChoking) this.#rejectAll(this.#queue.splice(0));
  }

  /** Drops everything and aborts a read under way. */
  close(): void {
    this.#queue = [];
    this.#closing.abort();
  }

  async #serve(): Promise<void> {
    const { wire, nowMs } = this.#options;
    const { signal } = this.#closing;
    this.#isServing = true;
    // The other requests of the same message burst are still to come, and belong into the same read.
    await Promise.resolve();
    try {
      while (this.#queue.length > 0 && !wire.isClosed) {
        const runBytes = await this.#serveRun(signal);
        const handedOverMs = nowMs();
        const isFull = wire.queuedBytes > this.#windowBytes;
        if (isFull) await wire.drained(signal);
        // A peer that asks for little shows nothing of what it could take.
        if (isFull || runBytes > this.#windowBytes / 2) {
          this.#windowBytes = nextUploadWindow(this.#windowBytes, nowMs() - handedOverMs);
        }
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      this.#isServing = false;
    }
  }

  /** How much was handed to the wire. */
  async #serveRun(signal: AbortSignal): Promise<number> {
    const { limiter, geometry, wire, onUploaded } = this.#options;
    let maxBytes = this.#windowBytes;
    if (limiter !== undefined) {
      // Requests may be cancelled while they wait for their turn, so the run is taken afterwards.
      maxBytes = sizeOf(leadingRun(this.#queue, geometry, Math.min(maxBytes, limiter.burstBytes)));
      await limiter.take(maxBytes, signal);
    }
    const run = this.#queue.splice(0, leadingRun(this.#queue, geometry, maxBytes).length);
    const bytes = await this.#read(run, signal);
    signal.throwIfAborted();
    if (bytes === null || this.#isChoking) {
      this.#rejectAll(run);
      return 0;
    }
    let at = 0;
    for (const block of run) {
      wire.block(block.piece, block.offset, bytes.subarray(at, at + block.length));
      at += block.length;
    }
    onUploaded(at);
    return at;
  }

  /** Null if the bytes are not to be had: the disk's owner reports why, the peer only learns that it gets nothing. */
  async #read(run: readonly BlockRequest[], signal: AbortSignal): Promise<Uint8Array | null> {
    const [first] = run;
    if (first === undefined) return null;
    const lengthBytes = sizeOf(run);
    try {
      const bytes = await this.#options.read(torrentOffset(first, this.#options.geometry), lengthBytes, { signal });
      return bytes.length === lengthBytes ? bytes : null;
    } catch {
      return null;
    }
  }

  #rejectAll(blocks: readonly BlockRequest[]): void {
    for (const block of blocks) this.#options.wire.reject(block);
  }
}

function isPossible(block: BlockRequest, geometry: TorrentGeometry): boolean {
  return (
    block.piece < geometry.pieceCount &&
    block.length > 0 &&
    block.length <= MAX_REQUEST_BYTES &&
    block.offset + block.length <= pieceLength(geometry, block.piece)
  );
}

/** The first request, and those behind it that go on where the one before ends, as far as the bounds allow. */
function leadingRun(queue: readonly BlockRequest[], geometry: TorrentGeometry, maxBytes: number): BlockRequest[] {
  const run: BlockRequest[] = [];
  let bytes = 0;
  let nextOffset: number | undefined;
  for (const block of queue.slice(0, MAX_RUN_BLOCKS)) {
    const offset = torrentOffset(block, geometry);
    const isFirst = nextOffset === undefined;
    if (!isFirst && (offset !== nextOffset || bytes + block.length > maxBytes)) break;
    run.push(block);
    bytes += block.length;
    nextOffset = offset + block.length;
  }
  return run;
}

function sizeOf(blocks: readonly BlockRequest[]): number {
  return blocks.reduce((bytes, block) => bytes + block.length, 0);
}

function isSameBlock(left: BlockRequest, right: BlockRequest): boolean {
  return left.piece === right.piece && left.offset === right.offset && left.length === right.length;
}
