import type { ByteRange } from "@riptide/core";
import { type ByteStream, type MatroskaDemuxer, openMatroska, type Packet, type Stretch } from "../../src/index.ts";
import { MemorySource, never } from "./memory-source.ts";
import { MemoryStream } from "./memory-stream.ts";

const WHOLE_FILM: Stretch = { from: undefined, to: undefined };

export const open = (file: Uint8Array): Promise<MatroskaDemuxer> => openMatroska(new MemorySource(file), never);

interface PacketOptions {
  readonly stretch?: Stretch;
  /** All of the film's, if none are named. */
  readonly tracks?: readonly number[];
  readonly pieceBytes?: () => number;
  /** Instead of a stream of the file. */
  readonly open?: (ranges: readonly ByteRange[]) => ByteStream;
}

export async function batchesOf(
  file: Uint8Array,
  demuxer: MatroskaDemuxer,
  options: PacketOptions = {},
): Promise<(readonly Packet[])[]> {
  const batches: (readonly Packet[])[] = [];
  const request = {
    stretch: options.stretch ?? WHOLE_FILM,
    tracks: new Set(options.tracks ?? demuxer.tracks.map(({ number }) => number)),
    open: options.open ?? (([range]) => new MemoryStream(file, range!, options.pieceBytes)),
  };
  for await (const batch of demuxer.packets(request)) batches.push(batch);
  return batches;
}

/** The packets of a film, or of a part of it, in one list. */
export async function packetsOf(file: Uint8Array, options: PacketOptions = {}): Promise<Packet[]> {
  return (await batchesOf(file, await open(file), options)).flat();
}
