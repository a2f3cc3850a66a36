import type { TorrentEngine, TorrentStatus } from "@riptide/core";
import type { TorrentNotes } from "./library-notes.ts";

/** The engine, and what only the command line needs of it. */
export interface RiptideTorrentEngine extends TorrentEngine {
  readonly notes: TorrentNotes;
  /** The TCP port that peers can connect to, once the session listens. */
  peerPort(signal: AbortSignal): Promise<number>;
  /**
   * Shares complete files (one absolute path for each file of the torrent) without copying or remembering them. The engine
   * must not have the torrent yet.
   */
  share(torrentFile: Uint8Array, paths: readonly string[]): TorrentStatus;
}
