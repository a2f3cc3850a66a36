import type { ChunkPool, Clock, TorrentEngine, TorrentSource, TorrentStatus } from "@riptide/core";
import type { SessionSettings } from "../session/protocol.ts";
import type { PeerAddress } from "../types.ts";
import type { TorrentNotes } from "./library-notes.ts";
import type { StartSessionThread } from "./session-thread.ts";

export interface TorrentEngineOptions {
  /** Holds one folder for each torrent; created if it is missing, locked while the engine runs. */
  readonly dataDirectory: string;
  readonly settings: SessionSettings;
  /** Tried for every torrent. */
  readonly peers: readonly PeerAddress[];
  readonly clock: Clock;
  readonly stallLimitMs?: number;
  /** Bytes kept of all torrents together, shared ones left out; undefined = no bound. */
  readonly maxDiskBytes?: number | undefined;
  /** Memory for long reads, shared with whoever sends them on. */
  readonly chunks?: ChunkPool;
  /** Told what nobody else hears about: why a session died, what lies behind a failure. */
  readonly log?: (message: string, error: unknown) => void;
  readonly startThread?: StartSessionThread;
}

/** The engine, and what only the command line needs of it. */
export interface RiptideTorrentEngine extends TorrentEngine {
  readonly notes: TorrentNotes;
  /**
   * As the port says. `isLocal`: whoever runs this machine names the torrent (not a client of the API), so its address, its trackers and its
   * web seeds may lie in private networks.
   */
  add(source: TorrentSource, options: { signal: AbortSignal; isLocal?: boolean }): Promise<TorrentStatus>;
  /** The TCP port that peers can connect to, once the session listens. */
  peerPort(signal: AbortSignal): Promise<number>;
  /**
   * Shares complete files (one absolute path for each file of the torrent) without copying or remembering them. The engine
   * must not have the torrent yet.
   */
  share(torrentFile: Uint8Array, paths: readonly string[]): TorrentStatus;
}
