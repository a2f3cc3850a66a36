import type { PieceProvider } from "@riptide/core";
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
  const open: PacketRequest["open"] = (ranges) => {
    reader?.[Symbol.dispose]();
    reader = new SequentialReader(provider, firstBytes(ranges, limitBytes), options);
    return reader;
  };
  try {
    yield* demuxer.packets({ ...wanted, open });
  } finally {
    reader?.[Symbol.dispose]();
  }
}
