import type { PieceProvider } from "@riptide/core";

/** Files kept open that nobody reads: reopening one costs a system call, a library of films has thousands. */
const MAX_IDLE_FILES = 64;

interface OpenProvider {
  readonly provider: PieceProvider & AsyncDisposable;
  readonly counted: PieceProvider;
  /** Reads under way and demands held. */
  users: number;
}

/** The opened files of all torrents, one provider for each file. Those used longest ago are closed, never one in use. */
export class FileProviders {
  /** The most recently opened last. */
  readonly #open = new Map<string, OpenProvider>();

  get(infoHash: string, index: number, create: () => PieceProvider & AsyncDisposable): PieceProvider {
    const key = `${infoHash}/${index}`;
    const open = this.#open.get(key) ?? countUses(create());
    this.#open.delete(key);
    this.#open.set(key, open);
    this.#closeIdle();
    return open.counted;
  }

  /** Closes the files of one torrent; whoever still reads them gets the torrent's failure. */
  async close(infoHash: string): Promise<void> {
    const keys = [...this.#open.keys()].filter((key) => key.startsWith(`${infoHash}/`));
    await Promise.all(keys.map((key) => this.#close(key)));
  }

  #closeIdle(): void {
    const idle = [...this.#open].filter(([, { users }]) => users === 0).slice(0, -MAX_IDLE_FILES);
    // Nothing was written through them: a descriptor that cannot be closed loses nothing.
    for (const [key] of idle) this.#close(key).catch(() => undefined);
  }

  async #close(key: string): Promise<void> {
    const open = this.#open.get(key);
    this.#open.delete(key);
    await open?.provider[Symbol.asyncDispose]();
  }
}

function countUses(provider: PieceProvider & AsyncDisposable): OpenProvider {
  const counted: PieceProvider = {
    sizeBytes: provider.sizeBytes,
    available: (range) => provider.available(range),
    readAt: async (offset, length, options) => {
      open.users += 1;
      try {
        return await provider.readAt(offset, length, options);
      } finally {
        open.users -= 1;
      }
    },
    want: (demand) => {
      const held = provider.want(demand);
      let isHeld = true;
      open.users += 1;
      return {
        [Symbol.dispose]: () => {
          if (isHeld) open.users -= 1;
          isHeld = false;
          held[Symbol.dispose]();
        },
      };
    },
  };
  const open: OpenProvider = { provider, counted, users: 0 };
  return open;
}
