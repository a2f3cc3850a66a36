import type { PieceProvider } from "@riptide/core";
import type { FilePieceProvider } from "../provider/index.ts";

/** Files kept open that nobody reads: reopening one costs a system call, a library of films has thousands. */
const MAX_IDLE_FILES = 64;

interface Entry {
  readonly provider: FilePieceProvider;
  readonly counted: PieceProvider;
  /** Reads under way. */
  readers: number;
}

/**
 * The providers of all torrents' files, one for each file that was ever asked for, until its torrent is closed. What is
 * scarce are descriptors: of the files that nobody reads, all but those used last are closed, until they are read again.
 */
export class FileProviders {
  readonly #entries = new Map<string, Entry>();
  /** Those that nobody reads and whose file may be open, the one used last at the end. */
  readonly #idle = new Set<Entry>();

  get(infoHash: string, index: number, create: () => FilePieceProvider): PieceProvider {
    const key = `${infoHash}/${index}`;
    const entry = this.#entries.get(key) ?? this.#countReaders(create());
    this.#entries.set(key, entry);
    return entry.counted;
  }

  /** Closes the files of one torrent; whoever still reads them gets the torrent's failure. */
  async close(infoHash: string): Promise<void> {
    const closed = [...this.#entries].filter(([key]) => key.startsWith(`${infoHash}/`));
    for (const [key, entry] of closed) {
      this.#entries.delete(key);
      this.#idle.delete(entry);
    }
    await Promise.all(closed.map(([, { provider }]) => provider[Symbol.asyncDispose]()));
  }

  #countReaders(provider: FilePieceProvider): Entry {
    const counted: PieceProvider = {
      sizeBytes: provider.sizeBytes,
      available: (range) => provider.available(range),
      want: (demand) => provider.want(demand),
      readAt: async (offset, length, options) => {
        entry.readers += 1;
        this.#idle.delete(entry);
        try {
          return await provider.readAt(offset, length, options);
        } finally {
          entry.readers -= 1;
          if (entry.readers === 0) this.#rest(entry);
        }
      },
    };
    const entry: Entry = { provider, counted, readers: 0 };
    return entry;
  }

  #rest(entry: Entry): void {
    this.#idle.add(entry);
    const [longest] = this.#idle;
    if (this.#idle.size <= MAX_IDLE_FILES || longest === undefined) return;
    this.#idle.delete(longest);
    // Nothing was written through it: a descriptor that cannot be closed loses nothing.
    longest.provider.releaseFile().catch(() => undefined);
  }
}
