import type { ChunkPool, Clock, TorrentEngine, ViewingStore } from "@riptide/core";
import type { StreamFactory } from "@riptide/stream";
import type { HostPolicy } from "./security/host-policy.ts";

/**
 * Told of failures that no client hears about in full. The message says what failed; of a request it holds the path
 * (percent-encoded) but never the query, which may hold the access token.
 */
export type FailureLog = (message: string, error: unknown) => void;

export interface AppOptions {
  readonly engine: TorrentEngine;
  readonly streams: StreamFactory;
  /** Where viewers stopped. Default: kept until the end of the process. */
  readonly viewings?: ViewingStore | undefined;
  readonly clock: Clock;
  readonly allowedHosts: HostPolicy;
  readonly version: string;
  /** If given, everything but `/livez` needs it. At least 128 random bits, as text. */
  readonly token?: string | undefined;
  /** Folder of the built web page. */
  readonly webRoot?: string | undefined;
  /** Aborted when the server is about to stop: it is then no longer ready, and nothing new begins to wait. */
  readonly draining?: AbortSignal | undefined;
  readonly log?: FailureLog | undefined;
  /** Where the memory of long chunks comes from, if `listen` gives it back. */
  readonly chunks?: ChunkPool | undefined;
}
