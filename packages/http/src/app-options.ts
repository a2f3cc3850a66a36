import type { ChunkPool, Clock, TorrentEngine, ViewingStore } from "@riptide/core";
import type { StreamFactory } from "@riptide/stream";
import type { Metrics } from "./observe/metrics.ts";
import type { RequestObserver, StreamRecord } from "./observe/request-record.ts";
import type { HostPolicy } from "./security/host-policy.ts";

/**
 * Told of failures that no client hears about in full. The message says what failed; of a request it holds the pattern of its
 * address, and nothing that was asked for. `ids` name the request, as its header does, and its stream.
 */
export type FailureLog = (message: string, error: unknown, ids?: FailureIds) => void;

export interface FailureIds {
  readonly requestId: string;
  readonly stream?: StreamRecord | undefined;
}

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
  /** Milliseconds since 1970, for links that expire. Default: the machine's. */
  readonly wallClockMs?: () => number;
  /** Folder of the built web page. */
  readonly webRoot?: string | undefined;
  /** Aborted when the server is about to stop: it is then no longer ready, and nothing new begins to wait. */
  readonly draining?: AbortSignal | undefined;
  readonly log?: FailureLog | undefined;
  /** Told of every request, while it is answered and at its end. */
  readonly observers?: readonly RequestObserver[] | undefined;
  /** What `/metrics` answers; without them there is no such address. */
  readonly metrics?: Metrics | undefined;
  /** Where the memory of long chunks comes from, if `listen` gives it back. */
  readonly chunks?: ChunkPool | undefined;
}
