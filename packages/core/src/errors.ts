/**
 * Every failure that a user can meet has one of these codes: stable, machine-readable, listed once.
 * `http/` maps them to a status, `cli/` to an exit code; nobody parses messages.
 */
export type ErrorCode =
  // Sources and torrents
  | "bad_source"
  | "bad_torrent"
  | "unsupported_v2"
  | "fetch_failed"
  | "torrent_not_found"
  | "file_not_found"
  | "torrent_removed"
  | "metadata_pending"
  | "stream_not_found"
  // Delivering bytes
  | "no_peers"
  | "no_valid_source"
  | "storage_failed"
  | "disk_full"
  | "engine_unavailable"
  // Media
  | "not_media"
  | "damaged_media"
  | "unsupported_media"
  | "not_seekable"
  // ffmpeg
  | "ffmpeg_missing"
  | "ffmpeg_busy"
  | "ffmpeg_failed"
  | "ffmpeg_stalled";

export interface RiptideErrorOptions {
  /** What went wrong underneath; kept for logs, never shown to a user. */
  readonly cause?: unknown;
  /** When trying again may help, in seconds. */
  readonly retryAfterSeconds?: number;
}

/**
 * An expected failure. `message` is a whole sentence for the person who reads it and says what to do next;
 * it holds no path of this machine and no address of a peer.
 */
export class RiptideError extends Error {
  override readonly name: string = "RiptideError";
  readonly code: ErrorCode;
  readonly retryAfterSeconds: number | undefined;

  constructor(code: ErrorCode, message: string, options: RiptideErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.retryAfterSeconds = options.retryAfterSeconds;
  }
}

/** A source that cannot be understood: a magnet, a .torrent file, a URL. */
export class SourceError extends RiptideError {
  override readonly name = "SourceError";
}

/** Bytes that cannot be delivered: no peer, a broken disk, a torrent that went away. */
export class StreamError extends RiptideError {
  override readonly name = "StreamError";
}

/** Media that cannot be understood or played. */
export class MediaError extends RiptideError {
  override readonly name = "MediaError";
}

/** ffmpeg is missing, busy, stuck or failed. */
export class TranscodeError extends RiptideError {
  override readonly name = "TranscodeError";
}

/** An invariant of our own that does not hold: a bug, never the fault of a peer, a file or a request. */
export class InvariantError extends Error {
  override readonly name = "InvariantError";
}

/** Throws `InvariantError` unless `condition` holds. Peers, files and requests are never asserted on. */
export function assertInvariant(condition: boolean, message: string): asserts condition {
  if (!condition) throw new InvariantError(message);
}
