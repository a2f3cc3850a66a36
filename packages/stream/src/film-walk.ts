import { type ByteRange, type PieceProvider, rangeLength } from "@riptide/core";
import type { ByteStream, KeyIndexEntry, WalkedPlace } from "@riptide/media";
import type { WalkingDemuxer } from "./film-exploration.ts";
import { availableStart } from "./film-packets.ts";
import { type ReadProvider, SequentialReader, type SequentialReaderOptions } from "./sequential-reader.ts";

export interface WalkFilmOptions extends SequentialReaderOptions {
  /** Waits for nothing: breaks off, without an `end`, in front of the first byte that is missing. */
  readonly isAvailableOnly: boolean;
  /** Told true before a byte is waited for that is missing, and false when that is over. */
  readonly onStuck: (isStuck: boolean) => void;
}

/**
 * The places at which a film may be cut, from an entry on, as their bytes come. The window in front of them is demanded from the
 * swarm until the last one, until reading fails, or until the generator is returned.
 */
export async function* walkFilm(
  demuxer: WalkingDemuxer,
  from: KeyIndexEntry | undefined,
  provider: PieceProvider,
  { isAvailableOnly, onStuck, ...options }: WalkFilmOptions,
): AsyncGenerator<WalkedPlace, void> {
  let reader: SequentialReader | undefined;
  let isCut = false;
  const watched = tellingWhenStuck(provider, onStuck);
  const open = (ranges: readonly ByteRange[]): ByteStream => {
    const read = isAvailableOnly ? availableStart(ranges, provider) : ranges;
    isCut = lengthOf(read) < lengthOf(ranges);
    reader = new SequentialReader(watched, read, options);
    return reader;
  };
  try {
    for await (const place of demuxer.walkPlaces(from, open)) {
      if (place.kind !== "end" || !isCut) yield place;
    }
  } finally {
    reader?.[Symbol.dispose]();
  }
}

function tellingWhenStuck(provider: PieceProvider, onStuck: (isStuck: boolean) => void): ReadProvider {
  const readAt: ReadProvider["readAt"] = async (offset, length, options) => {
    const [first] = provider.available({ start: offset, end: offset + 1 });
    if (first !== undefined) return await provider.readAt(offset, length, options);
    onStuck(true);
    try {
      return await provider.readAt(offset, length, options);
    } finally {
      onStuck(false);
    }
  };
  return { readAt, want: (demand) => provider.want(demand) };
}

function lengthOf(ranges: readonly ByteRange[]): number {
  return ranges.reduce((sum, range) => sum + rangeLength(range), 0);
}
