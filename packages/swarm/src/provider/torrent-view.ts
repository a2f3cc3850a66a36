import type { Demand, StreamError } from "@riptide/core";
import type { TorrentGeometry } from "../types.ts";

/** Is told what happens to the pieces of a torrent. */
export interface TorrentWatcher {
  pieceVerified(piece: number): void;
  failed(error: StreamError): void;
}

/** Which verified pieces the disk still gives back as they were written. Times are those of the wall clock. */
export interface Checks {
  /** Whether a piece must be checked before it is served from a file that was last modified then. */
  isDoubtful(piece: number, modifiedMs: number): boolean;
  /** Has a piece hashed as the disk gives it back; one that is not right is not there any more when it resolves. */
  check(piece: number, modifiedMs: number): Promise<void>;
  /** The disk could not read this piece. */
  doubt(piece: number): void;
}

/** Main thread's mirror of one torrent whose session runs in the worker. */
export interface TorrentView {
  readonly geometry: TorrentGeometry;
  /** Whether the piece is verified and in its files. Reads the bitfield shared with the session: no call is cheaper. */
  has(piece: number): boolean;
  readonly checks: Checks;
  /** Keeps verified pieces, from the first to the last, on the disk until it is disposed. */
  read(first: number, last: number): Disposable | undefined;
  /** Calls back on every newly verified piece, and once when the torrent cannot go on (then never again). */
  watch(watcher: TorrentWatcher): Disposable;
  /** Sets, replaces (same id) or withdraws (null) one demand. Its range counts bytes of the TORRENT, not of a file. */
  setDemand(id: number, demand: Demand | null): void;
  nextDemandId(): number;
  /** Why the torrent cannot go on, if it cannot. */
  readonly failure: StreamError | undefined;
}
