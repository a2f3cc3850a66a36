import type { FileHandle } from "node:fs/promises";
import {
  abortable,
  type ByteRange,
  byteRange,
  type ChunkPool,
  type Demand,
  intersectRanges,
  type PieceProvider,
  type ReadOptions,
  StreamError,
} from "@riptide/core";
import { allocateBytes, readFully, storageError, systemCode } from "../storage/index.ts";
import type { TorrentView } from "./torrent-view.ts";
import { WaitingReads } from "./waiting-reads.ts";

/**
 * One read gives at most this much, however long the run of verified bytes is: the largest chunk that streams pass on,
 * so that a reader who asks for the rest of a film gets a chunk of it, not gigabytes of memory.
 */
const MAX_READ_BYTES = 1024 * 1024;
/** Whether somebody else has written to the file is looked at no more often: that costs a call to the system. */
const LOOK_INTERVAL_MS = 250;
/** A disk that cannot read what was just fetched again is not written to for ever. */
const MAX_READ_FAILURES = 3;

export interface PieceProviderOptions {
  readonly view: TorrentView;
  /** The file's place in its torrent. */
  readonly file: { readonly offsetBytes: number; readonly lengthBytes: number };
  /** Opens the file for reading. Called when the first bytes are there, and again only after it failed or was released. */
  readonly openFile: () => Promise<FileHandle>;
  /** Memory for long reads. */
  readonly chunks?: ChunkPool | undefined;
}

/** A provider that keeps its file open from one read to the next. */
export interface FilePieceProvider extends PieceProvider, AsyncDisposable {
  /** Closes the file; the next read opens it again. Call it while no read is under way. */
  releaseFile(): Promise<void>;
}

/**
 * Creates the view of one file of a torrent: waits for the pieces that the session verifies, then reads them from the
 * file through a descriptor of its own. Disposing it rejects what waits, withdraws what is wanted, and closes the file
 * once no read is under way.
 */
export function createPieceProvider(options: PieceProviderOptions): FilePieceProvider {
  return new TorrentPieceProvider(options);
}

class TorrentPieceProvider implements FilePieceProvider {
  readonly sizeBytes: number;
  readonly #view: TorrentView;
  readonly #fileOffsetBytes: number;
  readonly #openFile: () => Promise<FileHandle>;
  readonly #chunks: ChunkPool | undefined;
  readonly #waiting = new WaitingReads();
  readonly #heldDemands = new Set<number>();
  readonly #watch: Disposable;
  #handle: Promise<FileHandle> | undefined;
  #closing: Promise<void> | undefined;
  /** When the file was last modified, by the wall clock, and when that was last looked at. */
  #modifiedMs = 0;
  #lookedMs = Number.NEGATIVE_INFINITY;

  constructor({ view, file, openFile, chunks }: PieceProviderOptions) {
    this.#view = view;
    this.#fileOffsetBytes = file.offsetBytes;
    this.sizeBytes = file.lengthBytes;
    this.#openFile = openFile;
    this.#chunks = chunks;
    this.#watch = view.watch({
      pieceVerified: (piece) => this.#waiting.wake(piece),
      failed: (error) => this.#waiting.fail(error),
    });
  }

  async readAt(offset: number, length: number, options: ReadOptions): Promise<Uint8Array> {
    checkWhole("offset", offset);
    checkWhole("length", length);
    options.signal.throwIfAborted();
    const range = intersectRanges({ start: offset, end: offset + length }, { start: 0, end: this.sizeBytes });
    if (range === undefined) return new Uint8Array(0);
    for (let failures = 0; ; ) {
      if (this.#closing !== undefined) throw this.#closedError();
      const end = this.#runEnd({ start: offset, end: Math.min(range.end, offset + MAX_READ_BYTES) });
      if (end > offset) {
        const outcome = await abortable(this.#readBack(offset, end, failures < MAX_READ_FAILURES), options.signal);
        if (outcome instanceof Uint8Array) return outcome;
        if (outcome === "failed") failures += 1;
        continue;
      }
      if (this.#view.failure !== undefined) throw this.#view.failure;
      await this.#pieceAt(range, options);
    }
  }

  available(range: ByteRange): ByteRange[] {
    const inFile = intersectRanges(range, { start: 0, end: this.sizeBytes });
    const runs: ByteRange[] = [];
    if (inFile === undefined) return runs;
    for (let start = inFile.start; start < inFile.end; ) {
      const end = this.#runEnd({ start, end: inFile.end });
      if (end > start) runs.push({ start, end });
      // The byte at `end` is missing, or past the range: the next run begins with its next piece at the earliest.
      start = this.#endOfPiece(this.#pieceOf(end));
    }
    return runs;
  }

  want(demand: Demand): Disposable {
    const range = byteRange(demand.range.start, demand.range.end);
    const inFile = intersectRanges(range, { start: 0, end: this.sizeBytes });
    if (inFile === undefined || this.#closing !== undefined) return { [Symbol.dispose]: () => undefined };
    const id = this.#view.nextDemandId();
    this.#heldDemands.add(id);
    this.#view.setDemand(id, {
      ...demand,
      range: { start: this.#fileOffsetBytes + inFile.start, end: this.#fileOffsetBytes + inFile.end },
    });
    return { [Symbol.dispose]: () => this.#withdraw(id) };
  }

  async releaseFile(): Promise<void> {
    const opening = this.#handle;
    this.#handle = undefined;
    // An open that failed was reported to its read. `close` itself waits for the reads under way.
    const handle = await opening?.catch(() => undefined);
    await handle?.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#watch[Symbol.dispose]();
    this.#waiting.fail(this.#closedError());
    for (const id of this.#heldDemands) this.#withdraw(id);
    await this.releaseFile();
  }

  /** Where the run of verified bytes from `range.start` ends; `range.start` itself if its first byte is missing. */
  #runEnd(range: ByteRange): number {
    let end = range.start;
    while (end < range.end) {
      const piece = this.#pieceOf(end);
      if (!this.#view.has(piece)) break;
      end = this.#endOfPiece(piece);
    }
    return Math.min(end, range.end);
  }

  /** Resolves when the piece with the range's first byte is there; meanwhile the range is demanded. */
  async #pieceAt(range: ByteRange, { signal, urgency = "now" }: ReadOptions): Promise<void> {
    const demand = this.want({ range, urgency });
    await this.#waiting.wait(this.#pieceOf(range.start), { signal, ended: () => demand[Symbol.dispose]() });
  }

  /** Bytes of pieces that are known to be right; else has them checked, or doubts what the disk cannot read. Then look again. */
  async #readBack(offset: number, end: number, isPatient: boolean): Promise<Uint8Array | "checked" | "failed"> {
    const first = this.#pieceOf(offset);
    if (this.#view.checks.isDoubtful(first, this.#modifiedMs)) {
      if (this.#view.failure !== undefined) throw this.#view.failure;
      await this.#view.checks.check(first, this.#modifiedMs);
      return "checked";
    }
    const sureEnd = this.#sureEnd(offset, end);
    // While this is read, what comes next is checked.
    if (sureEnd < end) void this.#view.checks.check(this.#pieceOf(sureEnd), this.#modifiedMs);
    try {
      const bytes = await this.#readFile(offset, sureEnd - offset);
      if (this.#sureEnd(offset, sureEnd) === sureEnd) return bytes;
      this.#chunks?.giveBack(bytes);
      return "checked";
    } catch (error) {
      if (!isPatient || !isUnreadable(error)) throw error;
      for (let piece = first; piece <= this.#pieceOf(sureEnd - 1); piece += 1) this.#view.checks.doubt(piece);
      return "failed";
    }
  }

  /** Where the first piece begins that has to be checked; `end` if there is none. */
  #sureEnd(offset: number, end: number): number {
    for (let at = offset; at < end; at = this.#endOfPiece(this.#pieceOf(at))) {
      if (this.#view.checks.isDoubtful(this.#pieceOf(at), this.#modifiedMs)) return at;
    }
    return end;
  }

  async #readFile(offset: number, length: number): Promise<Uint8Array> {
    // Taken before anything else can happen: what is there now may be evicted at any time.
    using _read = this.#view.read(this.#pieceOf(offset), this.#pieceOf(offset + length - 1));
    const bytes = this.#chunks?.lend(length) ?? allocateBytes(length);
    try {
      const handle = await this.#open();
      await Promise.all([readFully(handle, bytes, offset), this.#look(handle)]);
    } catch (error) {
      throw storageError(error);
    }
    return bytes;
  }

  /** Somebody else may have written to the file. */
  async #look(handle: FileHandle): Promise<void> {
    const nowMs = performance.now();
    if (nowMs - this.#lookedMs < LOOK_INTERVAL_MS) return;
    this.#lookedMs = nowMs;
    this.#modifiedMs = (await handle.stat()).mtimeMs;
  }

  /** Opens the file once; forgets an attempt that failed, so that a later read tries again. */
  #open(): Promise<FileHandle> {
    this.#handle ??= this.#openFile().catch((error: unknown) => {
      this.#handle = undefined;
      throw error;
    });
    return this.#handle;
  }

  #pieceOf(offset: number): number {
    return Math.floor((this.#fileOffsetBytes + offset) / this.#view.geometry.pieceLengthBytes);
  }

  #endOfPiece(piece: number): number {
    return (piece + 1) * this.#view.geometry.pieceLengthBytes - this.#fileOffsetBytes;
  }

  #withdraw(id: number): void {
    if (this.#heldDemands.delete(id)) this.#view.setDemand(id, null);
  }

  #closedError(): StreamError {
    return (
      this.#view.failure ??
      new StreamError("engine_unavailable", "This file was closed. Open it again to go on reading.")
    );
  }
}

/** EIO: the disk has the file, and cannot read this part of it. */
function isUnreadable(error: unknown): boolean {
  return error instanceof StreamError && systemCode(error.cause) === "EIO";
}

function checkWhole(name: string, value: number): void {
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new RangeError(`A read needs a whole, non-negative ${name}, not ${value}`);
  }
}
