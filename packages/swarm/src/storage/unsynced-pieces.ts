import { constants } from "node:fs";
import { type FileHandle, open, rm } from "node:fs/promises";
import { readSmallFile } from "./file-io.ts";
import type { PieceWriter } from "./piece-writer.ts";
import { SerialQueue } from "./serial-queue.ts";

/** A piece index. */
const ENTRY_BYTES = 4;
/** Behind the last entry: what follows is of an earlier, longer list. No torrent has so many pieces. */
const END = 0xffff_ffff;
/** What comes in a second from a line of 8 Gb/s, in pieces of 16 KiB. */
const MAX_ENTRIES = 65_536;

/**
 * The pieces that were written and are not recorded as durable yet, in a file that a process which is killed leaves behind: the next one
 * hashes them. Nobody believes what it says, so that it is neither synced nor checked, and what cannot be written to it is only fetched
 * again. It is made once, and never cut: whoever waits for a piece would wait for the file system's journal.
 */
export class UnsyncedPieces {
  readonly #path: () => Promise<string>;
  readonly #writer: PieceWriter;
  /** In the order of the file. */
  readonly #pieces = new Set<number>();
  readonly #changes = new SerialQueue();
  #handle: FileHandle | undefined;

  /** `path` makes the folder of the file, if need be. */
  constructor(path: () => Promise<string>, writer: PieceWriter) {
    this.#path = path;
    this.#writer = writer;
  }

  /** Resolves when the system has it, which outlives this process. */
  add(piece: number): Promise<void> {
    return this.#change(async () => {
      if (this.#pieces.has(piece) || this.#pieces.size === MAX_ENTRIES) return;
      this.#pieces.add(piece);
      await this.#write([piece], this.#pieces.size - 1);
    });
  }

  /** They are recorded, or gone. */
  remove(pieces: Iterable<number>): Promise<void> {
    return this.#change(async () => {
      const before = this.#pieces.size;
      for (const piece of pieces) this.#pieces.delete(piece);
      if (this.#pieces.size < before) await this.#write([...this.#pieces], 0);
    });
  }

  /** Those that are left stay in the file, as after a kill. */
  close(): Promise<void> {
    return this.#change(async () => {
      if (this.#handle === undefined) return;
      await this.#handle.close();
      this.#handle = undefined;
      if (this.#pieces.size === 0) await dropUnsyncedPieces(await this.#path());
    });
  }

  async #write(pieces: readonly number[], index: number): Promise<void> {
    const { O_WRONLY, O_CREAT, O_NOFOLLOW } = constants;
    this.#handle ??= await open(await this.#path(), O_WRONLY | O_CREAT | O_NOFOLLOW, 0o644);
    await this.#writer.write(this.#handle, encode([...pieces, END]), index * ENTRY_BYTES);
  }

  #change(change: () => Promise<void>): Promise<void> {
    return this.#changes.run(change).catch(() => undefined);
  }
}

/** Those that the last process left behind, if it was killed. */
export async function readUnsyncedPieces(path: string, pieceCount: number): Promise<number[]> {
  const bytes = (await readSmallFile(path, (MAX_ENTRIES + 1) * ENTRY_BYTES)) ?? new Uint8Array(0);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const pieces = new Set<number>();
  for (let at = 0; at + ENTRY_BYTES <= bytes.length; at += ENTRY_BYTES) {
    const piece = view.getUint32(at);
    if (piece === END) break;
    if (piece < pieceCount) pieces.add(piece);
  }
  return [...pieces];
}

export function dropUnsyncedPieces(path: string): Promise<void> {
  return rm(path, { force: true });
}

function encode(entries: readonly number[]): Uint8Array {
  const bytes = Buffer.alloc(entries.length * ENTRY_BYTES);
  for (const [index, entry] of entries.entries()) bytes.writeUInt32BE(entry, index * ENTRY_BYTES);
  return bytes;
}
