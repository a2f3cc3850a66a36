import { ChunkTable } from "./chunk-table.ts";
import type { AviTrack } from "./tracks.ts";

/**
 * Chunks of all tracks together that are listed: in a film with a chunk for each frame of its sound, eight hours. They take
 * forty megabytes, and the index that lists them is read in pieces.
 */
const CHUNKS_LIMIT = 2_000_000;

/** Takes chunks in the order of the index. */
export class IndexBuilder {
  /** By the number of the stream. */
  readonly tables: ReadonlyMap<number, ChunkTable>;
  /** The same, to be found faster. */
  readonly #places: ({ readonly track: AviTrack; readonly table: ChunkTable } | undefined)[] = [];
  #left = CHUNKS_LIMIT;

  constructor(tracks: readonly AviTrack[]) {
    const places = tracks.map((track) => ({ track, table: new ChunkTable() }));
    for (const place of places) this.#places[place.track.streamNumber] = place;
    this.tables = new Map(places.map(({ track, table }) => [track.streamNumber, table]));
  }

  get isFull(): boolean {
    return this.#left === 0;
  }

  /** What belongs to no track is left out. @param offsetBytes of its content */
  add(streamNumber: number, offsetBytes: number, sizeBytes: number, isKeyframe: boolean): void {
    const place = this.#places[streamNumber];
    if (place === undefined || this.isFull) return;
    place.table.add(offsetBytes, sizeBytes, isKeyframe, place.track.clock.advanceOf(sizeBytes));
    this.#left -= 1;
  }
}
