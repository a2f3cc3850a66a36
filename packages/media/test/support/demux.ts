import type { ByteRange } from "@riptide/core";
import type { Demuxer, Packet, Stretch } from "../../src/index.ts";
import { RangeStream } from "./range-stream.ts";

const WHOLE: Stretch = { from: undefined, to: undefined };

interface Demuxed {
  readonly packets: Packet[];
  /** What was asked for, in order. */
  readonly ranges: ByteRange[];
  readonly readBytes: number;
}

/** All packets of a stretch of a file in memory. */
export async function demux(
  demuxer: Demuxer,
  file: Uint8Array,
  options: { stretch?: Stretch; tracks?: Iterable<number>; readLimitBytes?: number } = {},
): Promise<Demuxed> {
  const { stretch = WHOLE, tracks = demuxer.tracks.map(({ number }) => number), readLimitBytes } = options;
  const ranges: ByteRange[] = [];
  const streams: RangeStream[] = [];
  const open = (wanted: readonly ByteRange[]): RangeStream => {
    ranges.push(...wanted);
    streams.push(new RangeStream(file, wanted, readLimitBytes));
    return streams.at(-1)!;
  };
  const packets: Packet[] = [];
  for await (const some of demuxer.packets({ stretch, tracks: new Set(tracks), open })) {
    if (some.length === 0) throw new Error("It passed on nothing");
    packets.push(...some);
  }
  return { packets, ranges, readBytes: streams.reduce((sum, stream) => sum + stream.readBytes, 0) };
}

/** The stretches between the entries of an index, from the start of a film to its end. */
export function stretchesOf(entries: readonly NonNullable<Stretch["from"]>[]): Stretch[] {
  const ends = [undefined, ...entries, undefined];
  return ends.slice(1).map((to, index) => ({ from: ends[index], to }));
}
