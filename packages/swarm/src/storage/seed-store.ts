import { constants } from "node:fs";
import { type FileHandle, open, stat } from "node:fs/promises";
import { StreamError } from "@riptide/core";
import { bitsByteLength, setBit } from "../bits.ts";
import type { PartialPiece } from "../download/index.ts";
import type { StoredFile, TorrentLayout } from "./file-layout.ts";
import { OpenFiles } from "./open-files.ts";
import { isPieceRight, readTorrent } from "./read-torrent.ts";
import { changedFile, withStorageErrors } from "./storage-error.ts";
import type { TorrentStore } from "./torrent-store.ts";

export interface SeedStoreOptions {
  readonly metainfo: TorrentLayout;
  /** Where each file of the torrent lies; that of a padding file is not used. */
  readonly paths: readonly string[];
}

/**
 * Opens complete files, wherever they lie, as a store that cannot be written. They are taken to be what the metainfo says
 * without hashing them. Rejects with `storage_failed` if one is missing or of another length.
 */
export function openSeedStore({ metainfo, paths }: SeedStoreOptions): Promise<TorrentStore> {
  return withStorageErrors(async () => {
    for (const file of metainfo.files) {
      if (file.isPadding) continue;
      const stats = await stat(pathOf(file, paths));
      if (!stats.isFile() || stats.size !== file.lengthBytes) throw changedFile();
    }
    return new SeedStore(metainfo, paths);
  });
}

class SeedStore implements TorrentStore {
  readonly verified: Uint8Array;
  readonly #layout: TorrentLayout;
  readonly #paths: readonly string[];
  readonly #files: OpenFiles;

  constructor(layout: TorrentLayout, paths: readonly string[]) {
    this.#layout = layout;
    this.#paths = paths;
    this.#files = new OpenFiles((file): Promise<FileHandle> => open(pathOf(file, paths), constants.O_RDONLY));
    this.verified = new Uint8Array(bitsByteLength(layout.pieceCount));
    for (let piece = 0; piece < layout.pieceCount; piece += 1) setBit(this.verified, piece);
  }

  async write(): Promise<void> {
    throw new StreamError("storage_failed", "Shared files are complete and are never written to.");
  }

  markVerified(): void {}

  async sync(): Promise<void> {}

  /** They are somebody's own. */
  async evict(): Promise<void> {}

  isRight(piece: number, { signal }: { readonly signal: AbortSignal }): Promise<boolean> {
    return isPieceRight(this.#layout, this.#files, piece, signal);
  }

  async lose(): Promise<void> {}

  read(offset: number, length: number, { signal }: { readonly signal: AbortSignal }): Promise<Uint8Array> {
    return readTorrent(this.#layout, this.#files, { start: offset, end: offset + length }, signal);
  }

  async savePartials(): Promise<void> {}

  async loadPartials(): Promise<PartialPiece[]> {
    return [];
  }

  filePath(index: number): string {
    return pathOf(this.#layout.files[index]!, this.#paths);
  }

  close(): Promise<void> {
    return this.#files.close();
  }
}

function pathOf({ index }: StoredFile, paths: readonly string[]): string {
  const path = paths[index];
  if (path === undefined) throw changedFile();
  return path;
}
