import { ChunkTable } from "./chunk-table.ts";
import type { AviTrack } from "./tracks.ts";

/**
 * Chunks of all tracks together that are listed: in a film with a chunk for each frame of its sound, eight hours. They take
 * forty megabytes, and the index that lists them is read in pieces.
 */
const CHUNKS_LIMIT = 2_000_000;

/** Takes chunks in the order of the index. */
export class IndexBuilder {
  readonly tables: ReadonlyMap<number, ChunkTable>;
  readonly #tracks: ReadonlyMap<number, AviTrack>;
  #left = CHUNKS_LIMIT;

  constructor(tracks: readonly AviTrack[]) {
    this.#tracks = new Map(tracks.map((track) => [track.streamNumber, track]));
    this.tables = new Map(tracks.map(({ streamNumber }) => [streamNumber, new ChunkTable()]));
  }

  get isFull(): boolean {
    return this.#left === 0;
  }

  /** What belongs to no track is left out. @param offsetBytes of its content */
  add(streamNumber: number, offsetBytes: number, sizeBytes: number, isKeyframe: boolean): void {
    const track = this.#tracks.get(streamNumber);
    if (track === undefined || this.isFull) return;
    this.tables.get(streamNumber)?.add(offsetBytes, sizeBytes, isKeyframe, track.clock.advanceOf(sizeBytes));
    this.#left -= 1;
  }
}
