import { unlessDamaged } from "../damaged.ts";
import type { Demuxer, PacketRequest } from "../demuxer.ts";
import type { KeyIndex } from "../key-index.ts";
import type { Packet } from "../packet.ts";
import { type ByteSource, MediaReader } from "../reader.ts";
import { positive } from "../track-list.ts";
import { type ChunkIndex, readChunkIndex } from "./chunk-index.ts";
import { type AviHeader, readAviHeader } from "./header.ts";
import { keyEntries } from "./key-entries.ts";
import { listedPackets, packetsInWindows } from "./listed-packets.ts";
import { OpenedSource } from "./opened-source.ts";
import { PacketMaker } from "./packet-maker.ts";
import { durationSecondsOf } from "./probe.ts";
import { type AviTrack, aviTracks } from "./tracks.ts";
import { WalkedPackets } from "./walked-packets.ts";

/**
 * Opens an AVI film: reads the header in front of its media. Throws `MediaError` `damaged_media`, and whatever `source.readAt`
 * rejects with.
 *
 * AVI tells decoding times only: picture n is decoded at n × scale / rate, and chunks without a byte count as pictures. Packets have
 * that as their presentation time, too: it is right where pictures are not reordered. Where they are (MPEG-4 ASP, H.264), a decoder
 * puts them in order, and a muxer must not trust the times. Sound is cut into whole frames, wherever its chunks end.
 *
 * The film is entered at pictures that the index calls keyframes: an entry has the time of the picture and the offset of its data.
 * A stretch has the pictures from one entry to the next, and of sound the frames that begin at its time or later and before the
 * time of the next, however far in front of the pictures or behind them they lie. The whole film is read as it lies, and its
 * index is not needed for it, unless its sound lies far from its pictures.
 */
export async function openAvi(source: ByteSource, options: { readonly signal: AbortSignal }): Promise<Demuxer> {
  return new AviDemuxer(source, await readAviHeader(new MediaReader(source, options)));
}

const MOVI_TYPE_BYTES = 4;

class AviDemuxer implements Demuxer {
  readonly container = "avi";
  readonly durationSeconds: number | undefined;
  readonly tracks: Demuxer["tracks"];
  readonly #source: ByteSource;
  readonly #header: AviHeader;
  readonly #tracks: readonly AviTrack[];
  #index: { readonly chunks: ChunkIndex | undefined } | undefined;

  constructor(source: ByteSource, header: AviHeader) {
    this.#source = source;
    this.#header = header;
    this.#tracks = aviTracks(header);
    this.durationSeconds = positive(durationSecondsOf(header));
    this.tracks = this.#tracks.map(({ coded }) => coded);
  }

  async keyIndex(options: { readonly signal: AbortSignal }): Promise<KeyIndex | undefined> {
    const chunks = await this.#chunkIndex(new MediaReader(this.#source, options));
    const entries = chunks === undefined ? [] : keyEntries(this.#tracks, chunks, this.#source.sizeBytes);
    return entries.length === 0 ? undefined : entries;
  }

  async *packets(request: PacketRequest): AsyncGenerator<readonly Packet[], void> {
    const tracks = this.#tracks.filter(({ coded }) => request.tracks.has(coded.number));
    const { from, to } = request.stretch;
    if (from === undefined && to === undefined) return yield* this.#wholePackets(tracks, request);
    const chunks = await this.#chunkIndexOf(request);
    if (chunks === undefined) return;
    yield* listedPackets({ tracks, chunks, fileSizeBytes: this.#source.sizeBytes }, request);
  }

  /** As it lies in the file, or, from where pictures and sound come apart, by the index, which keeps them together. */
  async *#wholePackets(tracks: readonly AviTrack[], request: PacketRequest): AsyncGenerator<readonly Packet[], void> {
    const { movi, streams } = this.#header;
    if (movi === undefined) return;
    const fileSizeBytes = this.#source.sizeBytes;
    const maker = new PacketMaker(tracks);
    const film = { tracks, streamCount: streams.length, fileSizeBytes, maker };
    const walked = new WalkedPackets(film, movi.typeOffset + MOVI_TYPE_BYTES);
    const isToEnd = yield* untilApart(walked, request.open);
    if (isToEnd === undefined) {
      const chunks = await this.#chunkIndexOf(request);
      if (chunks !== undefined) {
        const windows = new Map(
          [...walked.positions].map(([track, start]) => [track, { start, end: Number.POSITIVE_INFINITY }]),
        );
        return yield* packetsInWindows({ windows, chunks, fileSizeBytes, maker }, request.open);
      }
    }
    if (!(isToEnd ?? (yield* walked.read(request.open)))) return;
    const rest = maker.finish();
    if (rest.length > 0) yield rest;
  }

  async #chunkIndex(reader: MediaReader): Promise<ChunkIndex | undefined> {
    this.#index ??= { chunks: await unlessDamaged(() => readChunkIndex(reader, this.#header, this.#tracks)) };
    return this.#index.chunks;
  }

  /** Whoever asks for a stretch has seen the index, but perhaps that of an earlier demuxer of the film. */
  async #chunkIndexOf({ open }: PacketRequest): Promise<ChunkIndex | undefined> {
    if (this.#index !== undefined) return this.#index.chunks;
    const source = new OpenedSource(open, this.#source.sizeBytes);
    const reader = new MediaReader(source, { signal: new AbortController().signal });
    const chunks = await unlessDamaged(() => readChunkIndex(reader, this.#header, this.#tracks));
    // That nothing came may be because nothing more was to be read.
    if (chunks !== undefined) this.#index = { chunks };
    return chunks;
  }
}

/** Returns whether all bytes came; undefined: it has stopped before their end. */
async function* untilApart(
  walked: WalkedPackets,
  open: PacketRequest["open"],
): AsyncGenerator<readonly Packet[], boolean | undefined> {
  const batches = walked.read(open);
  for (let step = await batches.next(); ; step = await batches.next()) {
    if (step.done === true) return step.value;
    yield step.value;
    if (walked.isApart) return undefined;
  }
}
