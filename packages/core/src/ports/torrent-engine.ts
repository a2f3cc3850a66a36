import type { ByteRange } from "../byte-range.ts";
import type { PieceProvider } from "./piece-provider.ts";

/** A magnet URI, an http(s) URL of a .torrent file or an info hash as text; or the bytes of a .torrent file. */
export type TorrentSource = string | Uint8Array;

export interface TorrentFileSummary {
  /** Index in the torrent, padding files counted but not listed. */
  readonly index: number;
  /** Path components joined with `/`, as the torrent spells them. Untrusted text. */
  readonly path: string;
  readonly lengthBytes: number;
  /** Verified bytes of this file. */
  readonly verifiedBytes: number;
}

/**
 * `metadata`: waiting for peers to send the info dictionary. `ready`: files are known.
 * `failed`: this torrent cannot go on (see `error`); it can be removed and added again.
 */
export type TorrentState = "metadata" | "ready" | "failed";

/** A snapshot; a new object whenever something changed. */
export interface TorrentStatus {
  /** 40 lower-case hex digits. */
  readonly infoHash: string;
  /** The torrent's name, or a magnet's display name, or the info hash. Untrusted text. */
  readonly name: string;
  readonly state: TorrentState;
  /** Wall-clock time, milliseconds since 1970. */
  readonly addedAtMs: number;
  /** Empty until the state is `ready`. */
  readonly files: readonly TorrentFileSummary[];
  readonly sizeBytes: number;
  readonly pieceLengthBytes: number;
  readonly verifiedBytes: number;
  /** Payload received and sent since the engine started, wasted bytes included. */
  readonly downloadedBytes: number;
  readonly uploadedBytes: number;
  readonly downloadBytesPerSecond: number;
  readonly uploadBytesPerSecond: number;
  /** Peers with a finished handshake. */
  readonly connectedPeers: number;
  /** Addresses known, connected or not. */
  readonly knownPeers: number;
  /** Demands held by readers right now. */
  readonly activeDemands: number;
  readonly error: { readonly code: string; readonly message: string } | undefined;
}

/** Which bytes of a file are there, wanted, and at a read head; offsets are those of the file. */
export interface FileMap {
  readonly available: readonly ByteRange[];
  readonly wanted: readonly ByteRange[];
  readonly reading: readonly ByteRange[];
}

export type EngineEvent =
  | { readonly type: "added" | "updated"; readonly torrent: TorrentStatus }
  | { readonly type: "removed"; readonly infoHash: string }
  | { readonly type: "engine"; readonly health: EngineHealth };

export interface EngineHealth {
  readonly state: "running" | "restarting" | "closed";
  /** How often the engine has been started again after it died. */
  readonly restarts: number;
  /** Why nothing of what is fetched will be there at the next start: a sentence for the user. Absent while all is well. */
  readonly problem?: string;
}

/** Why a peer is refused from now on: it sent a piece, or an info dictionary, that is not what its hash says. */
export type BanReason = "corrupt_piece" | "corrupt_metadata";

/** What all torrents together do and did, for whoever counts. Totals never fall: torrents that were removed stay in them. */
export interface EngineStatistics {
  readonly torrents: Readonly<Record<TorrentState, number>>;
  /** Each known address once; incoming peers are connected. */
  readonly peers: Readonly<Record<"connected" | "connecting" | "unconnected", number>>;
  /** Payload received since the engine started, wasted bytes included. */
  readonly downloadedBytes: { readonly peer: number; readonly webseed: number };
  readonly uploadedBytes: number;
  readonly hashFailures: number;
  readonly bans: Readonly<Record<BanReason, number>>;
  /** Verified bytes that are on the disk now. */
  readonly keptBytes: number;
  /** As many of them may be; undefined = no bound. */
  readonly maxKeptBytes: number | undefined;
  /** Pieces that made way for others. */
  readonly evictedPieces: number;
}

export interface OpenedFile {
  readonly provider: PieceProvider;
  readonly torrent: TorrentStatus;
  readonly file: TorrentFileSummary;
}

/**
 * The torrents of this server. `swarm/` implements it over real peers (in a worker thread: it survives the death of
 * the session behind it), `sim/` over simulated ones.
 */
export interface TorrentEngine {
  /**
   * Registers a torrent and starts it. Resolves when the torrent is listed, which for magnets is before its metadata
   * is known. Adding a torrent that is already there merges trackers and peers and resolves with it.
   * Rejects with a `RiptideError` (`bad_source`, `bad_torrent`, `unsupported_v2`, `fetch_failed`, `storage_failed`).
   */
  add(source: TorrentSource, options: { signal: AbortSignal }): Promise<TorrentStatus>;

  list(): readonly TorrentStatus[];

  get(infoHash: string): TorrentStatus | undefined;

  /** Rejects with `torrent_not_found`. Open readers fail with `torrent_removed`. */
  remove(infoHash: string, options: { deleteData: boolean; signal: AbortSignal }): Promise<void>;

  /**
   * Opens one file for reading, waiting for the metadata if need be.
   * Rejects with `torrent_not_found`, `file_not_found`, the torrent's own failure, or the signal's reason.
   */
  openFile(infoHash: string, index: number, options: { signal: AbortSignal }): Promise<OpenedFile>;

  /** Throws `torrent_not_found` or `file_not_found` (also while the metadata is missing). */
  map(infoHash: string, index: number): FileMap;

  /** Calls `listener` on every change until disposed. `updated` comes at most every 500 ms for each torrent. */
  subscribe(listener: (event: EngineEvent) => void): Disposable;

  health(): EngineHealth;

  statistics(): EngineStatistics;

  /** Writes what must survive, disconnects, and ends. Idempotent. */
  close(): Promise<void>;
}
