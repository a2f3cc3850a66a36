import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { dirname, join } from "node:path";
import { assertInvariant, StreamError } from "@riptide/core";
import { bitsByteLength, clearBit, hasBit, setBit } from "../bits.ts";
import type { PartialPiece } from "../download/index.ts";
import { pieceLength } from "../types.ts";
import { lstatIfThere, syncFolder } from "./file-io.ts";
import {
  filesOf,
  pieceRange,
  piecesOf,
  STATE_FILES,
  STATE_FOLDER,
  type StoredFile,
  spansOf,
  type TorrentLayout,
} from "./file-layout.ts";
import { saveFileStamps } from "./file-stamps.ts";
import { canFree, holesOf } from "./holes.ts";
import { loadLooseBlocks, saveLooseBlocks } from "./loose-blocks.ts";
import { type FileMode, OpenFiles } from "./open-files.ts";
import { PieceReads } from "./piece-reads.ts";
import { PieceWriter } from "./piece-writer.ts";
import { punchHoles } from "./punch-holes.ts";
import { isPieceRight, readTorrent } from "./read-torrent.ts";
import type { RecoveredPieces } from "./recover-pieces.ts";
import type { SafeFolders } from "./safe-folders.ts";
import { SerialQueue } from "./serial-queue.ts";
import { changedFile, unsafePath, withStorageErrors } from "./storage-error.ts";
import { UnsyncedPieces } from "./unsynced-pieces.ts";
import type { VerifiedJournal } from "./verified-journal.ts";

/**
 * The bytes of one torrent on disk. Rejects with a `RiptideError` (`disk_full`, or `storage_failed`), or with the signal's
 * reason; after that it can still be used.
 */
export interface TorrentStore {
  /** Verified pieces, BEP 3 bit order. `markVerified` sets bits in it; nobody else writes to it. */
  readonly verified: Uint8Array;
  /** Writes a whole piece to its files. The bytes must not change until it settles. */
  write(piece: number, bytes: Uint8Array, options?: { readonly signal?: AbortSignal }): Promise<void>;
  /** The piece was written and its hash is right: from now on it is read, and the next `sync` makes it durable. */
  markVerified(piece: number): void;
  /** Makes the pieces marked so far durable: data first, then the record of it. Does nothing if there are none. */
  sync(): Promise<void>;
  /**
   * Gives up verified pieces: they are not read from now on, and when it resolves their bytes are given back to the disk.
   * After it rejected, the next call tries that again.
   */
  evict(pieces: readonly number[]): Promise<void>;
  /** Whether the disk gives a verified piece back as it was written. Rejects if it gives nothing back. */
  isRight(piece: number, options: { readonly signal: AbortSignal }): Promise<boolean>;
  /** Gives up a piece that is not right: it is not read from now on, and when it resolves no start believes it. */
  lose(piece: number): Promise<void>;
  /**
   * Exactly these bytes of the torrent, all of verified pieces. The result belongs to the caller. Rejects if one of the
   * pieces was evicted.
   */
  read(offset: number, length: number, options: { readonly signal: AbortSignal }): Promise<Uint8Array>;
  /** Replaces what was saved before; keeps at most `MAX_LOOSE_BYTES` of it. */
  savePartials(pieces: readonly PartialPiece[]): Promise<void>;
  /** The blocks saved last whose pieces are not verified. */
  loadPartials(): Promise<PartialPiece[]>;
  /** Absolute path of a file. The file is there once a piece of it is written. */
  filePath(index: number): string;
  /** Waits for what is under way. Does not sync. */
  close(): Promise<void>;
}

interface DiskTorrentStoreOptions {
  readonly directory: string;
  readonly layout: TorrentLayout;
  readonly folders: SafeFolders;
  readonly journal: VerifiedJournal;
  readonly recovered: RecoveredPieces;
  readonly hasLooseBlocks: boolean;
}

/** See `openTorrentStore`. */
export class DiskTorrentStore implements TorrentStore {
  readonly verified: Uint8Array;
  readonly #directory: string;
  readonly #layout: TorrentLayout;
  readonly #folders: SafeFolders;
  readonly #journal: VerifiedJournal;
  readonly #files = new OpenFiles((file, mode) => this.#openFile(file, mode));
  /** Files known to be on the disk at full length, and when they were last modified before they were opened here. */
  readonly #stored: Map<number, number>;
  readonly #writtenFiles = new Set<StoredFile>();
  /** Folders with new names in them that a power cut could still take back. */
  readonly #changedFolders = new Set<string>();
  /**
   * One write at a time: every file access of the process goes through the four threads of libuv, and a slow disk must
   * not hold all of them while somebody waits to read.
   */
  readonly #writes = new SerialQueue();
  readonly #writer = new PieceWriter();
  readonly #unsynced = new UnsyncedPieces(() => this.#statePath(STATE_FILES.unsynced), this.#writer);
  readonly #syncs = new SerialQueue();
  readonly #saves = new SerialQueue();
  readonly #releases = new SerialQueue();
  /** Verified, but not yet recorded. */
  #unrecorded: number[] = [];
  readonly #reads = new PieceReads();
  /** Written since the start: they may be about to be verified. */
  readonly #written = new Set<number>();
  /** Evicted, and still on the disk. */
  readonly #unreleased = new Set<number>();
  #hasLooseBlocks: boolean;

  constructor({ directory, layout, folders, journal, recovered, hasLooseBlocks }: DiskTorrentStoreOptions) {
    this.#directory = directory;
    this.#layout = layout;
    this.#folders = folders;
    this.#journal = journal;
    this.#hasLooseBlocks = hasLooseBlocks;
    this.#stored = new Map(recovered.stamps);
    this.verified = new Uint8Array(bitsByteLength(layout.pieceCount));
    for (const piece of recovered.pieces) setBit(this.verified, piece);
  }

  write(piece: number, bytes: Uint8Array, { signal }: { readonly signal?: AbortSignal } = {}): Promise<void> {
    assertInvariant(piece >= 0 && piece < this.#layout.pieceCount, `Piece ${piece} must exist`);
    assertInvariant(bytes.length === pieceLength(this.#layout, piece), `Piece ${piece} must be written as a whole`);
    return this.#writes.run(() => withStorageErrors(() => this.#write(piece, bytes, signal), signal));
  }

  markVerified(piece: number): void {
    if (hasBit(this.verified, piece)) return;
    setBit(this.verified, piece);
    this.#unrecorded.push(piece);
  }

  sync(): Promise<void> {
    return this.#syncs.run(() => withStorageErrors(() => this.#sync()));
  }

  async evict(pieces: readonly number[]): Promise<void> {
    for (const piece of pieces) {
      if (!hasBit(this.verified, piece)) continue;
      clearBit(this.verified, piece);
      this.#written.delete(piece);
      this.#unreleased.add(piece);
    }
    await this.#releases.run(() => withStorageErrors(() => this.#release()));
  }

  async isRight(piece: number, { signal }: { readonly signal: AbortSignal }): Promise<boolean> {
    return await this.#reads.run([piece], () => isPieceRight(this.#layout, this.#files, piece, signal));
  }

  async lose(piece: number): Promise<void> {
    clearBit(this.verified, piece);
    this.#written.delete(piece);
    this.#unrecorded = this.#unrecorded.filter((unrecorded) => unrecorded !== piece);
    await this.#syncs.run(() => withStorageErrors(() => this.#journal.erase([piece], () => this.#recordedPieces())));
    await this.#unsynced.remove([piece]);
  }

  async read(offset: number, length: number, { signal }: { readonly signal: AbortSignal }): Promise<Uint8Array> {
    const range = { start: offset, end: offset + length };
    const pieces = piecesOf(this.#layout, range);
    if (!pieces.every((piece) => hasBit(this.verified, piece))) throw notVerified();
    return await this.#reads.run(pieces, () => readTorrent(this.#layout, this.#files, range, signal));
  }

  savePartials(pieces: readonly PartialPiece[]): Promise<void> {
    this.#hasLooseBlocks = true;
    return this.#saves.run(() =>
      withStorageErrors(async () =>
        saveLooseBlocks(await this.#statePath(STATE_FILES.looseBlocks), pieces, this.#layout),
      ),
    );
  }

  async loadPartials(): Promise<PartialPiece[]> {
    if (!this.#hasLooseBlocks) return [];
    const path = join(this.#directory, STATE_FOLDER, STATE_FILES.looseBlocks);
    const pieces = await withStorageErrors(() => loadLooseBlocks(path, this.#layout));
    return pieces.filter(({ piece }) => !hasBit(this.verified, piece));
  }

  filePath(index: number): string {
    return join(this.#directory, ...this.#layout.files[index]!.diskPath);
  }

  async close(): Promise<void> {
    await this.#releases.idle();
    await this.#writes.idle();
    await this.#saves.idle();
    await this.#syncs.idle();
    await this.#files.close();
    await this.#unsynced.close();
    await withStorageErrors(() => this.#saveStamps());
  }

  async #write(piece: number, bytes: Uint8Array, signal: AbortSignal | undefined): Promise<void> {
    let done = 0;
    this.#unreleased.delete(piece);
    this.#written.add(piece);
    const noted = this.#unsynced.add(piece);
    for (const { file, position, lengthBytes } of spansOf(this.#layout, pieceRange(this.#layout, piece))) {
      signal?.throwIfAborted();
      const part = bytes.subarray(done, done + lengthBytes);
      done += lengthBytes;
      if (file.isPadding) continue;
      this.#writtenFiles.add(file);
      await this.#files.use(file, "write", (handle) => this.#writer.write(handle, part, position));
    }
    await noted;
  }

  async #sync(): Promise<void> {
    if (this.#unrecorded.length === 0) return;
    const pieces = this.#unrecorded;
    this.#unrecorded = [];
    try {
      await this.#syncData(pieces);
      await this.#folders.ensure([STATE_FOLDER]);
      await this.#journal.append(pieces);
      await this.#unsynced.remove(pieces);
    } catch (error) {
      if (error instanceof LostWriteError) {
        await this.#unsynced.remove(pieces);
        throw error.cause;
      }
      const isKept = (piece: number): boolean => hasBit(this.verified, piece);
      this.#unrecorded = [...new Set([...pieces.filter(isKept), ...this.#unrecorded])];
      throw error;
    }
  }

  /** First the record that they are gone, then their bytes: a crash in between costs room, never a wrong byte. */
  async #release(): Promise<void> {
    const pieces = new Set(this.#unreleased);
    await this.#syncs.run(async () => {
      // Those that were fetched again meanwhile stay.
      const gone = [...pieces].filter((piece) => this.#unreleased.has(piece));
      this.#unrecorded = this.#unrecorded.filter((piece) => !gone.includes(piece));
      if (gone.length > 0) await this.#journal.erase(gone, () => this.#recordedPieces());
      await this.#unsynced.remove(gone);
    });
    await this.#reads.ended(pieces);
    // Between two writes: what is not needed then is not needed before the holes are made.
    await this.#writes.run(() => this.#punch(pieces));
  }

  async #punch(erased: ReadonlySet<number>): Promise<void> {
    const pieces = new Set([...erased].filter((piece) => this.#unreleased.has(piece)));
    await this.#makeHoles(pieces, () => true);
    for (const piece of pieces) this.#unreleased.delete(piece);
  }

  /** Gives back what nobody needs, in files where so much is. Before anything is read or written. */
  async reclaimSpace(): Promise<void> {
    const pieces = Array.from({ length: this.#layout.pieceCount }, (_, piece) => piece);
    await this.#makeHoles(new Set(pieces.filter((piece) => !this.#isNeeded(piece))), canFree);
  }

  async #makeHoles(pieces: ReadonlySet<number>, isWorthIt: typeof canFree): Promise<void> {
    for (const [file, ranges] of holesOf(this.#layout, pieces, (piece) => this.#isNeeded(piece))) {
      const stats = await lstatIfThere(this.filePath(file.index));
      // Taken away or changed by somebody else: nothing of ours is in it.
      if (stats?.isFile() !== true || stats.size !== file.lengthBytes) continue;
      if (!isWorthIt(stats, file, ranges)) continue;
      this.#writtenFiles.add(file);
      await this.#files.use(file, "read", (handle) => punchHoles(handle, ranges));
    }
  }

  #isNeeded(piece: number): boolean {
    return hasBit(this.verified, piece) || this.#written.has(piece);
  }

  #recordedPieces(): number[] {
    const unrecorded = new Set(this.#unrecorded);
    const pieces = Array.from({ length: this.#layout.pieceCount }, (_, piece) => piece);
    return pieces.filter((piece) => hasBit(this.verified, piece) && !unrecorded.has(piece));
  }

  async #syncData(pieces: readonly number[]): Promise<void> {
    for (const file of filesOf(pieces, this.#layout)) {
      await this.#files.use(file, "read", (handle) =>
        handle.datasync().catch((cause: unknown) => {
          throw new LostWriteError("Written data could not be made durable", { cause });
        }),
      );
    }
    for (const folder of this.#changedFolders) {
      await syncFolder(folder);
      this.#changedFolders.delete(folder);
    }
  }

  async #saveStamps(): Promise<void> {
    for (const file of this.#writtenFiles) {
      const stats = await lstatIfThere(this.filePath(file.index));
      if (stats !== undefined) this.#stored.set(file.index, stats.mtimeMs);
    }
    if (this.#stored.size > 0) await saveFileStamps(await this.#statePath(STATE_FILES.stamps), this.#stored);
  }

  async #statePath(name: string): Promise<string> {
    return join(await this.#folders.ensure([STATE_FOLDER]), name);
  }

  async #openFile(file: StoredFile, mode: FileMode): Promise<FileHandle> {
    const mustExist = mode === "read" || this.#stored.has(file.index);
    await this.#folders.ensure(file.diskPath.slice(0, -1));
    const { O_RDWR, O_CREAT, O_NOFOLLOW } = constants;
    const handle = await open(this.filePath(file.index), O_RDWR | O_NOFOLLOW | (mustExist ? 0 : O_CREAT), 0o644);
    try {
      await this.#fitFile(handle, file, mustExist);
    } catch (error) {
      await handle.close();
      throw error;
    }
    return handle;
  }

  /** Gives a new file its full length, without its blocks. One we had must still be what it was: holes are not verified. */
  async #fitFile(handle: FileHandle, file: StoredFile, mustExist: boolean): Promise<void> {
    const stats = await handle.stat();
    if (!stats.isFile()) throw unsafePath();
    if (stats.size === file.lengthBytes && mustExist) return;
    if (mustExist) throw changedFile();
    if (stats.size !== file.lengthBytes) await handle.truncate(file.lengthBytes);
    this.#stored.set(file.index, stats.mtimeMs);
    this.#noteNewNames(file);
  }

  #noteNewNames({ index, diskPath }: StoredFile): void {
    let folder = dirname(this.filePath(index));
    for (let depth = diskPath.length; depth > 0; depth -= 1) {
      this.#changedFolders.add(folder);
      folder = dirname(folder);
    }
  }
}

/** Whoever asked checked before, but a piece may be evicted at any time. */
function notVerified(): StreamError {
  return new StreamError("storage_failed", "This part is not there any more. Ask for it again to fetch it.");
}

/**
 * After fdatasync(2) failed, the system has forgotten which pages it could not write, so that a second try which succeeds
 * proves nothing. The pieces stay unrecorded: readable now, fetched again after a restart.
 */
class LostWriteError extends Error {}
