/** The first chunk, and what a slow client gets: soon there, cheap to hold. */
export const CHUNK_MIN_BYTES = 64 * 1024;
/** Through the HTTP bridge 1 MiB chunks reach what a bare Node pipe reaches, 64 KiB ones less than half of it. */
export const CHUNK_MAX_BYTES = 1024 * 1024;
/** A client that asks for the next chunk within this time keeps up: 1 MiB per quarter second is 4 MB/s. */
const KEEPS_UP_MS = 250;
/**
 * A chunk is at most this share of what the client has taken. The chunk that a stalled client leaves in its socket stays in
 * memory; after the few MB that kernels buffer for it, it is 128 KiB and not 1 MiB. Measured: 57 MB for 500 clients that never
 * read, 88 MB for 1000, while another one gets its first byte after 1 ms and 1.2 GB/s.
 */
const TAKEN_SHARE = 32;

export interface ChunkState {
  /** Length of the previous chunk. */
  readonly previousBytes: number;
  /** Bytes handed out so far. */
  readonly takenBytes: number;
  /** From handing out the previous chunk to being asked for the next. */
  readonly waitedMs: number;
}

/** How long the next chunk of a body should be. */
export function nextChunkLength({ previousBytes, takenBytes, waitedMs }: ChunkState): number {
  const grown = waitedMs <= KEEPS_UP_MS ? previousBytes * 2 : Math.floor(previousBytes / 2);
  return Math.max(CHUNK_MIN_BYTES, Math.min(CHUNK_MAX_BYTES, grown, Math.floor(takenBytes / TAKEN_SHARE)));
}
