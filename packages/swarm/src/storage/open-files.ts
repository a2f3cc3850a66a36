import type { FileHandle } from "node:fs/promises";
import type { StoredFile } from "./file-layout.ts";

/**
 * Descriptors one torrent keeps open: the files that a few readers and the downloader move in. Torrents have thousands of
 * files, a process often no more than 1,024 descriptors.
 */
export const MAX_OPEN_FILES = 64;

export type FileMode = "read" | "write";

interface OpenFile {
  readonly handle: Promise<FileHandle>;
  users: number;
}

/** The open files of one torrent. The least recently used are closed first, never one in use. */
export class OpenFiles {
  readonly #open: (file: StoredFile, mode: FileMode) => Promise<FileHandle>;
  readonly #files = new Map<number, OpenFile>();
  readonly #closing = new Set<Promise<void>>();

  /** `open` is asked for a file that is not open yet; what it gives is used for reading and writing alike. */
  constructor(open: (file: StoredFile, mode: FileMode) => Promise<FileHandle>) {
    this.#open = open;
  }

  /** Lends the file to `action`, opening it if need be. */
  async use<T>(file: StoredFile, mode: FileMode, action: (handle: FileHandle) => Promise<T>): Promise<T> {
    const open = this.#take(file, mode);
    open.users += 1;
    try {
      return await action(await open.handle);
    } finally {
      open.users -= 1;
      this.#closeUnused(MAX_OPEN_FILES);
    }
  }

  /** Closes all files; waits for what is under way in them. */
  async close(): Promise<void> {
    for (const [index, open] of this.#files) this.#close(index, open);
    await Promise.all(this.#closing);
  }

  #take(file: StoredFile, mode: FileMode): OpenFile {
    const open = this.#files.get(file.index) ?? this.#start(file, mode);
    // A map keeps the order of insertion: the most recently used is last.
    this.#files.delete(file.index);
    this.#files.set(file.index, open);
    return open;
  }

  #start(file: StoredFile, mode: FileMode): OpenFile {
    this.#closeUnused(MAX_OPEN_FILES - 1);
    const handle = Promise.all(this.#closing).then(() => this.#open(file, mode));
    const open = { handle, users: 0 };
    // An attempt that failed is forgotten, so that the next use tries again.
    handle.catch(() => {
      if (this.#files.get(file.index) === open) this.#files.delete(file.index);
    });
    return open;
  }

  #closeUnused(maxOpen: number): void {
    for (const [index, open] of this.#files) {
      if (this.#files.size <= maxOpen) return;
      if (open.users === 0) this.#close(index, open);
    }
  }

  #close(index: number, open: OpenFile): void {
    this.#files.delete(index);
    // Nothing is lost when closing fails: what must be durable was synced before. One that never opened needs no closing.
    const closing = open.handle
      .then((handle) => handle.close())
      .catch(() => undefined)
      .finally(() => this.#closing.delete(closing));
    this.#closing.add(closing);
  }
}
