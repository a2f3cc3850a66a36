import { unlessDamaged } from "../damaged.ts";
import type { Demuxer, PacketRequest } from "../demuxer.ts";
import type { KeyIndex } from "../key-index.ts";
import type { Packet } from "../packet.ts";
import { type ByteSource, MediaReader } from "../reader.ts";
import { readingOrder } from "../samples/reading-order.ts";
import { samplePackets } from "../samples/sample-packets.ts";
import { StreamReader } from "../samples/stream-reader.ts";
import { boxAt } from "./box.ts";
import { type FilmTrack, filmTracks, leadingTrack } from "./film-tracks.ts";
import { FragmentParser } from "./fragment.ts";
import { readFragmentIndex } from "./fragment-index.ts";
import { fragmentPackets } from "./fragment-packets.ts";
import { parseMovie } from "./movie.ts";
import { readSegmentIndex } from "./segment-index.ts";
import { TableIndex } from "./table-index.ts";
import { type MovieBox, readMoov } from "./top-level.ts";

/**
 * Opens an MP4 or QuickTime film: reads its moov, wherever it lies, and keeps it. Throws `MediaError` `damaged_media`, and whatever
 * `source.readAt` rejects with.
 *
 * Times are those of the film, edit lists applied (`editShiftTicks` says which); packets that an edit list hides come too, with
 * times before 0. What the moov lists is entered at the sync samples of the first video track: an entry has the presentation time
 * and the offset of that sample. A stretch has the samples of that track from one entry to the next, and of others those that
 * are decoded at its time or later, and before the time of the next. Fragmented films are entered at fragments, and a stretch has
 * whole fragments.
 *
 * `PacketRequest.open` is called once for some minutes of film, and again for the next, each time with all bytes that these need in
 * the order in which they are read: the order jumps back in files that do not keep their tracks together.
 */
export async function openIsobmff(source: ByteSource, options: { readonly signal: AbortSignal }): Promise<Demuxer> {
  const reader = new MediaReader(source, options);
  const moov = await readMoov(reader);
  const movie = parseMovie(moov.content);
  // §8.8.1: `mvex` warns that there may be fragments.
  const isFragmented = boxAt(moov.content, "mvex") !== undefined;
  const sidx = isFragmented ? await unlessDamaged(() => readSegmentIndex(reader, moov.endOffset)) : undefined;
  const durationSeconds = movie.durationSeconds ?? sidx?.durationSeconds;
  return new IsobmffDemuxer({ source, moov, isFragmented, durationSeconds, tracks: filmTracks(moov.content, movie) });
}

interface Film {
  readonly source: ByteSource;
  readonly moov: MovieBox;
  readonly isFragmented: boolean;
  readonly durationSeconds: number | undefined;
  readonly tracks: readonly FilmTrack[];
}

class IsobmffDemuxer implements Demuxer {
  readonly container = "mp4";
  readonly durationSeconds: number | undefined;
  readonly tracks: Demuxer["tracks"];
  readonly #film: Film;
  readonly #lead: FilmTrack | undefined;
  #tableIndex: TableIndex | undefined;

  constructor(film: Film) {
    this.durationSeconds = film.durationSeconds;
    this.tracks = film.tracks.map(({ coded }) => coded);
    this.#film = film;
    this.#lead = leadingTrack(film.tracks);
  }

  async keyIndex(options: { readonly signal: AbortSignal }): Promise<KeyIndex | undefined> {
    options.signal.throwIfAborted();
    const listed = this.#tables.entries;
    const fragments = await this.#fragmentIndex(options);
    const lastSeconds = listed.at(-1)?.timeSeconds ?? Number.NEGATIVE_INFINITY;
    const entries = [...listed, ...fragments.filter(({ timeSeconds }) => timeSeconds > lastSeconds)];
    return entries.length === 0 ? undefined : entries;
  }

  async *packets(request: PacketRequest): AsyncGenerator<readonly Packet[], void> {
    const { from, to } = request.stretch;
    // A film may begin in the moov and go on in fragments.
    const isFromListed = from === undefined || !this.#film.isFragmented || this.#tables.has(from);
    const isToListed = to !== undefined && (!this.#film.isFragmented || this.#tables.has(to));
    if (isFromListed && !(yield* this.#listedPackets(request, isToListed))) return;
    if (this.#film.isFragmented && !isToListed) yield* this.#fragmentPackets(request, isFromListed);
  }

  get #tables(): TableIndex {
    this.#tableIndex ??= new TableIndex(this.#lead, this.#film.source.sizeBytes);
    return this.#tableIndex;
  }

  async #fragmentIndex(options: { readonly signal: AbortSignal }): Promise<KeyIndex> {
    const { source, moov, isFragmented } = this.#film;
    if (!isFragmented || this.#lead === undefined) return [];
    const film = { moov: moov.content, startOffset: moov.endOffset, lead: this.#lead };
    return (await readFragmentIndex(new MediaReader(source, options), film)) ?? [];
  }

  /** Returns whether all bytes came. */
  async *#listedPackets(request: PacketRequest, isToListed: boolean): AsyncGenerator<readonly Packet[], boolean> {
    const { from } = request.stretch;
    const to = isToListed ? request.stretch.to : undefined;
    const queues = this.#film.tracks
      .filter(({ coded }) => request.tracks.has(coded.number))
      .map((track) => {
        const first = from === undefined ? 0 : this.#tables.firstNumberOf(track, from);
        const end = to === undefined ? track.list.count : this.#tables.firstNumberOf(track, to);
        const { number, timescale } = track.coded;
        return { trackNumber: number, timescale, samples: track.list.samples(numbersBetween(first, end)) };
      });
    const samples = readingOrder(queues, this.#film.source.sizeBytes);
    return yield* samplePackets(samples, request.open);
  }

  async *#fragmentPackets(request: PacketRequest, isFromListed: boolean): AsyncGenerator<readonly Packet[], void> {
    const { moov, tracks, source } = this.#film;
    const from = isFromListed ? undefined : request.stretch.from;
    const start = from?.offsetBytes ?? moov.endOffset;
    const endOffset = Math.min(request.stretch.to?.offsetBytes ?? source.sizeBytes, source.sizeBytes);
    if (start >= endOffset) return;
    const parser = new FragmentParser(moov.content, tracks, from?.timeSeconds);
    const reader = new StreamReader(request.open([{ start, end: endOffset }]), start);
    yield* fragmentPackets(reader, { parser, tracks: request.tracks, endOffset });
  }
}

function* numbersBetween(from: number, to: number): Generator<number, void> {
  for (let number = from; number < to; number += 1) yield number;
}
