import type { Library } from "../storage/index.ts";

/** What others learn of the files of torrents. It is kept with them, and goes with them. */
export interface TorrentNotes {
  /** Undefined if there is none of this name that is as it was written. Never rejects. */
  read(infoHash: string, name: string): Promise<Uint8Array | undefined>;
  /**
   * Resolves when it is kept, or cannot be: notes only save work. Torrents that are shared from elsewhere have none. Never
   * rejects.
   */
  write(infoHash: string, name: string, content: Uint8Array): Promise<void>;
}

/** The notes of a library; `log` is told why one could not be kept. */
export function libraryNotes(library: Library, log: (message: string, error: unknown) => void): TorrentNotes {
  return {
    async read(infoHash, name) {
      try {
        return await library.readNote(infoHash, name);
      } catch (error) {
        log("What was learnt of a film could not be read", error);
        return undefined;
      }
    },
    async write(infoHash, name, content) {
      try {
        await library.writeNote(infoHash, name, content);
      } catch (error) {
        log("What was learnt of a film could not be kept", error);
      }
    },
  };
}
