import type { ChunkPool } from "../chunk-pool.ts";
import type { Clock } from "./clock.ts";
import type { PieceProvider } from "./piece-provider.ts";

/** What a producer may know about the file it streams. */
export interface StreamFile {
  /** Lower-case hex info hash (40 digits) and index: together the identity of the bytes. */
  readonly infoHash: string;
  readonly index: number;
  /** The last path component, as the torrent spells it. Untrusted: only ever a quoted header value. */
  readonly name: string;
}

/** The phases a stream may have waited for, in milliseconds; becomes the `Server-Timing` header. */
export interface PhaseTimings {
  /** Adds `durationMs` to a phase: `metadata`, `peers`, `head`, `index`, `fragment`. */
  record(phase: StreamPhase, durationMs: number): void;
}

export type StreamPhase = "metadata" | "peers" | "head" | "index" | "fragment";

/** Everything a producer gets besides the request. */
export interface StreamContext {
  readonly provider: PieceProvider;
  readonly file: StreamFile;
  readonly clock: Clock;
  readonly timings: PhaseTimings;
  /** Whose request it is, where that is known: one client may have a share of what is scarce, and not all of it. */
  readonly client?: string | undefined;
  /** Where the memory of long chunks may come from: whoever sends the body gives it back. */
  readonly chunks?: ChunkPool | undefined;
  /** Aborted when the client is gone. A producer also ends when its body is cancelled, whichever comes first. */
  readonly signal: AbortSignal;
}

/**
 * Turns a request into a response whose body streams.
 *
 * - The returned promise settles once status and headers are known; a `RiptideError` before that becomes a problem
 *   document. After that a failure errors the body, which must never look like a complete one.
 * - The body is pulled: nothing is read that the consumer has not asked for, beyond one bounded window.
 * - Cancelling the body (or aborting `context.signal`) releases every read, demand, timer and process within 1 s.
 */
export interface StreamProducer {
  produce(request: Request, context: StreamContext): Promise<Response>;
}
