import type { PieceProvider } from "@riptide/core";
import { Fragmenter, type Stretch } from "@riptide/media";
import type { Film } from "./film-library.ts";
import { readPackets } from "./film-packets.ts";
import type { PreparedTrack } from "./film-tracks.ts";
import type { SequentialReaderOptions } from "./sequential-reader.ts";

export interface FilmPart {
  readonly film: Film;
  readonly tracks: readonly PreparedTrack[];
  readonly stretch: Stretch;
}

/** A part of a film as fragments of MP4, a chunk each: made as soon as its packets are there, and of nothing but those. */
export async function* filmFragments(
  { film, tracks, stretch }: FilmPart,
  provider: PieceProvider,
  options: SequentialReaderOptions,
): AsyncGenerator<Uint8Array, void> {
  const fragmenter = fragmenterOf(tracks);
  const wanted = { stretch, tracks: new Set(tracks.map(({ mux }) => mux.coded.number)) };
  for await (const packets of readPackets(film.demuxer, wanted, provider, options)) {
    for (const packet of packets) fragmenter.push(packet);
    for (const parts of fragmenter.take()) yield joined(parts);
  }
  for (const parts of fragmenter.finish()) yield joined(parts);
}

function fragmenterOf(tracks: readonly PreparedTrack[]): Fragmenter {
  const origins = tracks.flatMap(({ mux, originTicks }) =>
    originTicks === undefined ? [] : [[mux.coded.number, originTicks] as const],
  );
  return new Fragmenter(
    tracks.map(({ mux }) => mux),
    { originTicks: new Map(origins) },
  );
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let position = 0;
  for (const part of parts) {
    whole.set(part, position);
    position += part.length;
  }
  return whole;
}
