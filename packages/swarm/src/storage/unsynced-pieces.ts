import { constants } from "node:fs";
import { type FileHandle, open, rm } from "node:fs/promises";
import { readSmallFile } from "./file-io.ts";
import type { PieceWriter } from "./piece-writer.ts";
import { SerialQueue } from "./serial-queue.ts";

/** A piece index. */
const ENTRY_BYTES = 4;
/** What comes in a second from a line of 8 Gb/s, in pieces of 16 KiB. */
const MAX_ENTRIES = 65_536;

/**
 * The pieces that were written and are not recorded as durable yet, in a file that a process which is killed leaves behind: the next one
 * hashes them. Nobody believes what it says, so that it is neither synced nor checked, and what cannot be written to it is only fetched again.
 */
export class UnsyncedPieces {
  readonly #path: () => Promise<string>;
  readonly #writer: PieceWriter;
  readonly #pieces = new Set<number>();
  readonly #changes = new SerialQueue();
  #handle: FileHandle | undefined;
  #entries = 0;

  /** `path` makes the folder of the file, if need be. */
  constructor(path: () => Promise<string>, writer: PieceWriter) {
    this.#path = path;
    this.#writer = writer;
  }

  /** Resolves when the system has it, which outlives this process. */
  add(piece: number): Promise<void> {
    return this.#change(async () => {
      if (this.#pieces.has(piece) || this.#entries === MAX_ENTRIES) return;
      this.#pieces.add(piece);
      const { O_WRONLY, O_CREAT, O_NOFOLLOW } = constants;
      this.#handle ??= await open(await this.#path(), O_WRONLY | O_CREAT | O_NOFOLLOW, 0o644);
      await this.#writer.write(this.#handle, encode([piece]), this.#entries * ENTRY_BYTES);
      this.#entries += 1;
    });
  }

  /** They are recorded, or gone. */
  remove(pieces: Iterable<number>): Promise<void> {
    return this.#change(async () => {
      for (const piece of pieces) this.#pieces.delete(piece);
      this.#entries = this.#pieces.size;
      if (this.#handle === undefined) return;
      if (this.#entries === 0) {
        await this.#close();
        return await dropUnsyncedPieces(await this.#path());
      }
      await this.#writer.write(this.#handle, encode([...this.#pieces]), 0);
      await this.#handle.truncate(this.#entries * ENTRY_BYTES);
    });
  }

  /** Those that are left stay in the file, as after a kill. */
  close(): Promise<void> {
    return this.#change(() => this.#close());
  }

  async #close(): Promise<void> {
    const handle = this.#handle;
    this.#handle = undefined;
    await handle?.close();
  }

  #change(change: () => Promise<void>): Promise<void> {
    return this.#changes.run(change).catch(() => undefined);
  }
}

/** Those that the last process left behind, if it was killed. */
export async function readUnsyncedPieces(path: string, pieceCount: number): Promise<number[]> {
  const bytes = (await readSmallFile(path, MAX_ENTRIES * ENTRY_BYTES)) ?? new Uint8Array(0);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const pieces = new Set<number>();
  for (let at = 0; at + ENTRY_BYTES <= bytes.length; at += ENTRY_BYTES) pieces.add(view.getUint32(at));
  return [...pieces].filter((piece) => piece < pieceCount);
}

export function dropUnsyncedPieces(path: string): Promise<void> {
  return rm(path, { force: true });
}

function encode(pieces: readonly number[]): Uint8Array {
  const bytes = Buffer.alloc(pieces.length * ENTRY_BYTES);
  for (const [index, piece] of pieces.entries()) bytes.writeUInt32BE(piece, index * ENTRY_BYTES);
  return bytes;
}
