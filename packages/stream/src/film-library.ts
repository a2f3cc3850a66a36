import type { PieceProvider, ReadOptions, StreamContext } from "@riptide/core";
import {
  type ByteSource,
  type Container,
  type Demuxer,
  type FilmRecord,
  filmRecord,
  type KeyIndex,
  type KeyIndexEntry,
  keyIndexEntryAt,
  openAvi,
  openIsobmff,
  openMatroska,
  openMpegts,
  type Packet,
  planSegments,
  type SegmentPlan,
} from "@riptide/media";
import { keyOf } from "./file-key.ts";
import { FilmExploration, isWalking } from "./film-exploration.ts";
import { type FilmNotes, NO_NOTES, NotedResults } from "./film-notes.ts";
import { firstKeyframe } from "./film-packets.ts";
import type { FilmCutter } from "./film-segments.ts";
import { timed } from "./media-library.ts";
import { notedDemuxer, type OpenDemuxer } from "./noted-demuxer.ts";
import { SharedResults } from "./shared-results.ts";

/** Sample tables and indexes may take tens of megabytes: only those of the films that play now. */
const FILMS_LIMIT = 8;
/** A few tracks for each film. */
const FIRST_PACKETS_LIMIT = 64;
/** A track that has not begun by then, at the start of the film, is taken to begin where it is first met. */
const FIRST_PACKET_SEARCH_BYTES = 4 * 1024 * 1024;

/** A film whose packets we can pass on ourselves. */
export interface Film {
  readonly demuxer: Demuxer;
  /** Follows the provider of the latest request: an earlier one may have been closed meanwhile. */
  readonly source: LatestSource;
}

/**
 * What is known about films beyond their media info: how to read packets, where to enter. Each thing is read once; where to enter is
 * noted for the next run of the server.
 */
export class FilmLibrary {
  readonly #films = new SharedResults<Film>(FILMS_LIMIT);
  readonly #records: NotedResults<FilmRecord>;
  /** How far films are known that have no index: some bytes for each of their segments. */
  readonly #explorations = new SharedResults<FilmExploration>(FILMS_LIMIT);
  /** Each lives as long as its index. */
  readonly #plans = new WeakMap<KeyIndex, SegmentPlan>();
  readonly #firstPackets = new SharedResults<{ readonly packet: Packet | undefined }>(FIRST_PACKETS_LIMIT);

  constructor(notes: FilmNotes = NO_NOTES) {
    this.#records = new NotedResults({ limit: FILMS_LIMIT, notes, name: "film", format: filmRecord });
  }

  /** Undefined for containers that only ffmpeg demuxes. Rejects like `MediaLibrary.mediaInfo`. */
  async film(container: Container, context: StreamContext): Promise<Film | undefined> {
    const open = OPENERS[container];
    if (open === undefined) return undefined;
    const film = await timed("index", context, () =>
      this.#films.get(keyOf(context.file), context.signal, async (signal) => {
        const source = new LatestSource(context.provider);
        const openSource: OpenDemuxer = (options) => open(source, options);
        const record = await this.#records.known({ ...context, signal });
        const isCut = record?.keyIndex !== undefined && record.durationSeconds !== undefined;
        // One that notes do not tell where to cut is explored, and has to be opened for that.
        return { source, demuxer: isCut ? notedDemuxer(record, openSource) : await openSource({ signal }) };
      }),
    );
    film.source.follow(context.provider);
    return film;
  }

  /** The index of a film that has been read already. */
  knownKeyIndex(file: StreamContext["file"]): KeyIndex | undefined {
    return this.#records.peek(file)?.keyIndex;
  }

  /** What this run or an earlier one has read of a film. Nothing of it is read. */
  knownRecord(context: Pick<StreamContext, "file" | "signal">): Promise<FilmRecord | undefined> {
    return this.#records.known(context);
  }

  /** Where the film can be entered; undefined if it does not tell. Rejects with what the provider rejects with. */
  async keyIndex(film: Film, context: StreamContext): Promise<KeyIndex | undefined> {
    const { keyIndex } = await timed("index", context, () =>
      this.#records.get(context, async (signal) => {
        const { container, durationSeconds, headEndBytes, tracks } = film.demuxer;
        const head = headEndBytes === undefined ? {} : { headEndBytes };
        return { container, durationSeconds, tracks, ...head, keyIndex: await film.demuxer.keyIndex({ signal }) };
      }),
    );
    return keyIndex;
  }

  /**
   * Where to enter the film to play at a time: by its index, or where that is missing or wrong, by searching the film.
   * Undefined if no place can be found. Rejects like `keyIndex`.
   */
  async entryAt(film: Film, timeSeconds: number, context: StreamContext): Promise<KeyIndexEntry | undefined> {
    const index = await this.keyIndex(film, context);
    const listed = index && keyIndexEntryAt(index, timeSeconds);
    return timed("index", context, async () => film.demuxer.findEntry?.(timeSeconds, listed, context) ?? listed);
  }

  /** The film in segments; undefined if it has no index or does not say how long it is. Rejects like `keyIndex`. */
  async segments(film: Film, context: StreamContext): Promise<SegmentPlan | undefined> {
    const { durationSeconds } = film.demuxer;
    const index = await this.keyIndex(film, context);
    if (index === undefined || durationSeconds === undefined) return undefined;
    const plan = this.#plans.get(index) ?? planSegments(index, durationSeconds);
    this.#plans.set(index, plan);
    return plan;
  }

  /**
   * What cuts the film into segments: its index, or where that is missing, whoever reads it. Undefined if it can only be cut by an
   * index and has none. Rejects like `keyIndex`.
   */
  async cutter(film: Film, context: StreamContext): Promise<FilmCutter | undefined> {
    const index = await this.keyIndex(film, context);
    const plan = await this.segments(film, context);
    if (index !== undefined && plan !== undefined) {
      return { isExplored: false, segments: async () => ({ plan, index, isComplete: true, isExplored: false }) };
    }
    const { demuxer } = film;
    if (!isWalking(demuxer)) return undefined;
    const explore = async (): Promise<FilmExploration> => new FilmExploration(demuxer);
    return this.#explorations.get(keyOf(context.file), context.signal, explore);
  }

  /**
   * The first packet of a track in the whole film that decoding can start with; undefined if there is none within the first
   * megabytes. Rejects with what the provider rejects with.
   */
  async firstPacket(film: Film, trackNumber: number, context: StreamContext): Promise<Packet | undefined> {
    const key = `${keyOf(context.file)}-${trackNumber}`;
    const { packet } = await timed("head", context, () =>
      this.#firstPackets.get(key, context.signal, async (signal) => {
        const options = { signal, limitBytes: FIRST_PACKET_SEARCH_BYTES };
        const start = { from: undefined, trackNumber };
        return { packet: await firstKeyframe(film.demuxer, start, context.provider, options) };
      }),
    );
    return packet;
  }
}

/** Opens a film whose packets we can pass on. Rejects with `damaged_media` or with what the provider rejects with. */
export async function openFilm(
  container: Container,
  provider: PieceProvider,
  signal: AbortSignal,
): Promise<Film | undefined> {
  const source = new LatestSource(provider);
  const demuxer = await OPENERS[container]?.(source, { signal });
  return demuxer && { source, demuxer };
}

const OPENERS: Partial<
  Record<Container, (source: ByteSource, options: { readonly signal: AbortSignal }) => Promise<Demuxer>>
> = { matroska: openMatroska, webm: openMatroska, mp4: openIsobmff, avi: openAvi, mpegts: openMpegts };

/** The bytes of a file by the provider of whoever asked last. */
export class LatestSource implements ByteSource {
  readonly sizeBytes: number;
  #provider: PieceProvider;

  constructor(provider: PieceProvider) {
    this.sizeBytes = provider.sizeBytes;
    this.#provider = provider;
  }

  follow(provider: PieceProvider): void {
    this.#provider = provider;
  }

  readAt(offset: number, length: number, options: ReadOptions): Promise<Uint8Array> {
    return this.#provider.readAt(offset, length, options);
  }
}
