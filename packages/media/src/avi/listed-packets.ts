import type { PacketRequest, Stretch } from "../demuxer.ts";
import type { Packet } from "../packet.ts";
import { readingOrder } from "../samples/reading-order.ts";
import type { Sample } from "../samples/sample.ts";
import { samplePackets } from "../samples/sample-packets.ts";
import type { ChunkIndex } from "./chunk-index.ts";
import { type ListedTrack, samplesBehind, samplesIn, type Window } from "./listed-samples.ts";
import { PacketMaker } from "./packet-maker.ts";
import type { AviTrack } from "./tracks.ts";

export interface ListedFilm {
  /** Those that are wanted. */
  readonly tracks: readonly AviTrack[];
  readonly chunks: ChunkIndex;
  readonly fileSizeBytes: number;
}

/** The packets of a stretch by the index. */
export function listedPackets(
  { tracks, ...film }: ListedFilm,
  { stretch, open }: Pick<PacketRequest, "stretch" | "open">,
): AsyncGenerator<readonly Packet[], void> {
  const windows = new Map(tracks.map((track) => [track, windowOf(track, stretch)]));
  const maker = new PacketMaker(tracks, (track) => windows.get(track)?.end);
  return packetsInWindows({ ...film, windows, maker }, open);
}

function windowOf({ clock }: AviTrack, { from, to }: Stretch): Window {
  return {
    start: from === undefined ? 0 : clock.firstPositionAt(from.timeSeconds),
    end: to === undefined ? Number.POSITIVE_INFINITY : clock.firstPositionAt(to.timeSeconds),
  };
}

export interface WindowedFilm extends Pick<ListedFilm, "chunks" | "fileSizeBytes"> {
  readonly windows: ReadonlyMap<AviTrack, Window>;
  /** Goes on from what it was given before. */
  readonly maker: PacketMaker;
}

/** The packets of a window of each track by the index. */
export async function* packetsInWindows(
  { windows, chunks, fileSizeBytes, maker }: WindowedFilm,
  open: PacketRequest["open"],
): AsyncGenerator<readonly Packet[], void> {
  const listed = [...windows].flatMap(([track, window]) => {
    const table = chunks.get(track.streamNumber);
    return table === undefined ? [] : [{ track, table, window }];
  });
  const read = (parts: readonly ListedPart[]): AsyncGenerator<readonly Packet[], boolean> =>
    packetsOf(parts, { fileSizeBytes, maker, open });
  const isWhole = yield* read(listed.map((part) => ({ ...part, samples: samplesIn(part, part.window) })));
  if (!isWhole) return;
  // What completes the last frame of a sound lies in the next stretch, which leaves it out.
  const tails = listed.map((part) => ({
    ...part,
    samples: samplesBehind(part, part.window, maker.missingBytesOf(part.track)),
  }));
  if (!(yield* read(tails))) return;
  const rest = maker.finish();
  if (rest.length > 0) yield rest;
}

interface ListedPart extends ListedTrack {
  readonly samples: Generator<Sample, void>;
}

interface Reading {
  readonly fileSizeBytes: number;
  readonly maker: PacketMaker;
  readonly open: PacketRequest["open"];
}

/** Returns whether all bytes came. */
async function* packetsOf(
  parts: readonly ListedPart[],
  { fileSizeBytes, maker, open }: Reading,
): AsyncGenerator<readonly Packet[], boolean> {
  const tracks = new Map(parts.map(({ track }) => [track.coded.number, track]));
  const queues = parts.map(({ track, samples }) => {
    const { number } = track.coded;
    return { trackNumber: number, timescale: track.clock.positionsPerSecond, samples };
  });
  const chunks = samplePackets(readingOrder(queues, fileSizeBytes), open);
  for (let step = await chunks.next(); ; step = await chunks.next()) {
    if (step.done === true) return step.value;
    const packets = step.value.flatMap(({ trackNumber, ptsTicks, data, isKeyframe }) => {
      const track = tracks.get(trackNumber);
      return track === undefined ? [] : maker.take(track, { position: ptsTicks, data, isKeyframe });
    });
    if (packets.length > 0) yield packets;
  }
}
