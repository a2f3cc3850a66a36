import type { ChunkPool, StreamContext } from "@riptide/core";
import { decodableFrom, Fragmenter, type FragmenterOptions, type Stretch } from "@riptide/media";
import { CHUNK_MAX_BYTES } from "./chunk-length.ts";
import { readPackets } from "./film-packets.ts";
import type { PreparedFilm, PreparedTrack } from "./film-tracks.ts";
import { LentReads } from "./lent-reads.ts";
import { PartQueue } from "./part-queue.ts";
import type { SequentialReaderOptions } from "./sequential-reader.ts";

export interface FilmPart extends PreparedFilm {
  readonly stretch: Stretch;
  /**
   * Whether pictures are left out that cannot be decoded from its start on. A film that is played from an entry on has nothing to
   * decode them with; one that is played in stretches has.
   */
  readonly isEntered?: boolean;
}

/**
 * A part of a film as fragments of MP4, in chunks: made as soon as their packets are there, and of nothing but those. A reader
 * that keeps up has its next packets read while its client takes what was made of the last ones.
 */
export async function* filmFragments(
  { film, tracks, stretch, isEntered = false }: FilmPart,
  { provider, chunks }: Pick<StreamContext, "provider" | "chunks">,
  options: SequentialReaderOptions,
): AsyncGenerator<Uint8Array, void> {
  using reads = new LentReads(chunks);
  const fragmenter = fragmenterOf(tracks);
  const isPlayable = isEntered ? decodableFrom(tracks.map(({ mux }) => mux.coded)) : () => true;
  const wanted = { stretch, tracks: new Set(tracks.map(({ mux }) => mux.coded.number)) };
  const batches = readPackets(film.demuxer, wanted, provider, { ...options, reads });
  let ahead: ReturnType<typeof batches.next> | undefined;
  const written = (fragments: readonly Uint8Array[][]) => writtenChunks(fragments.flat(), reads, chunks);
  try {
    for (;;) {
      const { value: packets } = await (ahead ?? batches.next());
      if (!packets) break;
      for (const packet of packets) {
        if (!isPlayable(packet)) continue;
        reads.hold(packet.data);
        fragmenter.push(packet);
      }
      ahead = reads.latestBytes === CHUNK_MAX_BYTES ? batches.next() : undefined;
      ahead?.catch(() => undefined); // told when its packets are asked for
      yield* written(fragmenter.take());
    }
    yield* written(fragmenter.finish());
  } finally {
    await batches.return();
  }
}

/** The parts one after the other, in chunks of about the same length. What is copied is released. */
function* writtenChunks(
  parts: readonly Uint8Array[],
  reads: LentReads,
  chunks: ChunkPool | undefined,
): Generator<Uint8Array, void> {
  const queue = new PartQueue(chunks);
  queue.set(parts);
  for (let left = Math.ceil(queue.lengthBytes / CHUNK_MAX_BYTES); left > 0; left -= 1) {
    const chunk = queue.take(Math.ceil(queue.lengthBytes / left));
    if (left === 1) reads.release(parts);
    yield chunk;
  }
}

export function fragmenterOf(tracks: readonly PreparedTrack[], options: FragmenterOptions = {}): Fragmenter {
  const origins = tracks.flatMap(({ mux, originTicks }) =>
    originTicks === undefined ? [] : [[mux.coded.number, originTicks] as const],
  );
  return new Fragmenter(
    tracks.map(({ mux }) => mux),
    { ...options, originTicks: new Map(origins) },
  );
}
