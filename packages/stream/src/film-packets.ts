import { type ByteRange, type PieceProvider, rangeLength } from "@riptide/core";
import type { Demuxer, KeyIndexEntry, Packet, PacketRequest } from "@riptide/media";
import type { LentReads } from "./lent-reads.ts";
import { ReadyStream } from "./ready-stream.ts";
import { firstBytes, SequentialReader, type SequentialReaderOptions } from "./sequential-reader.ts";

export interface ReadPacketsOptions extends SequentialReaderOptions {
  /** Reads no more of the file than this, and ends as if the stretch ended there. */
  readonly limitBytes?: number;
  /** Waits for nothing: ends as if the stretch ended in front of the first byte that is missing. */
  readonly isAvailableOnly?: boolean;
  /** Whoever holds the packets and releases them: then long reads are worth their memory. */
  readonly reads?: LentReads;
}

/**
 * The packets of a stretch of a film, as their bytes come. The window in front of them is demanded from the swarm until the
 * last packet, until reading fails, or until the generator is returned.
 */
export async function* readPackets(
  demuxer: Demuxer,
  wanted: Omit<PacketRequest, "open" | "signal">,
  provider: PieceProvider,
  { limitBytes = Number.POSITIVE_INFINITY, isAvailableOnly = false, reads, ...options }: ReadPacketsOptions,
): AsyncGenerator<readonly Packet[], void> {
  let reader: SequentialReader | undefined;
  let leftBytes = limitBytes;
  const open: PacketRequest["open"] = (ranges) => {
    reader?.[Symbol.dispose]();
    const inLimit = firstBytes(ranges, leftBytes);
    const read = isAvailableOnly ? availableStart(inLimit, provider) : inLimit;
    leftBytes -= read.reduce((sum, range) => sum + rangeLength(range), 0);
    reader = new SequentialReader(provider, read, options);
    return reads?.watch(new ReadyStream(reader, provider)) ?? reader;
  };
  try {
    yield* demuxer.packets({ ...wanted, open, signal: options.signal });
  } finally {
    reader?.[Symbol.dispose]();
  }
}

/** The first packet of a track from an entry (undefined: the start) on that decoding can start with; undefined if none is read. */
export async function firstKeyframe(
  demuxer: Demuxer,
  { from, trackNumber }: { readonly from: KeyIndexEntry | undefined; readonly trackNumber: number },
  provider: PieceProvider,
  options: ReadPacketsOptions,
): Promise<Packet | undefined> {
  const wanted = { stretch: { from, to: undefined }, tracks: new Set([trackNumber]) };
  for await (const packets of readPackets(demuxer, wanted, provider, options)) {
    const first = packets.find(({ isKeyframe }) => isKeyframe);
    if (first !== undefined) return first;
  }
  return undefined;
}

/** The parts of the ranges that lie in front of the first byte that is missing. */
export function availableStart(ranges: readonly ByteRange[], provider: PieceProvider): ByteRange[] {
  const parts: ByteRange[] = [];
  for (const range of ranges) {
    const [first] = provider.available(range);
    if (first?.start === range.start) parts.push(first);
    if (first === undefined || rangeLength(first) < rangeLength(range)) break;
  }
  return parts;
}
