import { type PieceProvider, rangeLength } from "@riptide/core";
import type { Demuxer, Packet, PacketRequest } from "@riptide/media";
import { firstBytes, SequentialReader, type SequentialReaderOptions } from "./sequential-reader.ts";

export interface ReadPacketsOptions extends SequentialReaderOptions {
  /** Reads no more of the file than this, and ends as if the stretch ended there. */
  readonly limitBytes?: number;
}

/**
 * The packets of a stretch of a film, as their bytes come. The window in front of them is demanded from the swarm until the
 * last packet, until reading fails, or until the generator is returned.
 */
export async function* readPackets(
  demuxer: Demuxer,
  wanted: Omit<PacketRequest, "open">,
  provider: PieceProvider,
  { limitBytes = Number.POSITIVE_INFINITY, ...options }: ReadPacketsOptions,
): AsyncGenerator<readonly Packet[], void> {
  let reader: SequentialReader | undefined;
  let leftBytes = limitBytes;
  const open: PacketRequest["open"] = (ranges) => {
    reader?.[Symbol.dispose]();
    const read = firstBytes(ranges, leftBytes);
    leftBytes -= read.reduce((sum, range) => sum + rangeLength(range), 0);
    reader = new SequentialReader(provider, read, options);
    return reader;
  };
  try {
    yield* demuxer.packets({ ...wanted, open });
  } finally {
    reader?.[Symbol.dispose]();
  }
}
