import type { MediaReader } from "../reader.ts";
import type { ChunkTable } from "./chunk-table.ts";
import type { AviHeader } from "./header.ts";
import { IndexBuilder } from "./index-builder.ts";
import { readOldIndex } from "./old-index.ts";
import { partsOf, readOpenIndex } from "./open-index.ts";
import type { AviTrack } from "./tracks.ts";

/** Where the chunks of each track lie, by the number of its stream. */
export type ChunkIndex = ReadonlyMap<number, ChunkTable>;

/**
 * Reads the index of an AVI film: the old one, which is one piece behind the media, or, where that is missing, or the film goes on
 * in further parts, the one of OpenDML, whose pieces lie among the media. Undefined if there is none that lists anything.
 * Rejects with `damaged_media`, and with what the source rejects with.
 */
export async function readChunkIndex(
  reader: MediaReader,
  header: AviHeader,
  tracks: readonly AviTrack[],
): Promise<ChunkIndex | undefined> {
  const parts = tracks.map((track) => ({ track, parts: partsOf(track) }));
  const firstEnd = header.movi?.endOffset ?? Number.POSITIVE_INFINITY;
  const goesOn = parts.some((track) => track.parts.some(({ offsetBytes }) => offsetBytes >= firstEnd));
  const ways = [
    (builder: IndexBuilder) => readOldIndex(reader, header, builder),
    (builder: IndexBuilder) => readOpenIndex(reader, parts, builder),
  ];
  for (const read of goesOn ? ways.reverse() : ways) {
    const builder = new IndexBuilder(tracks);
    await read(builder);
    if ([...builder.tables.values()].some(({ count }) => count > 0)) return builder.tables;
  }
  return undefined;
}
