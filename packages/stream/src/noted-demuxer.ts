import type {
  Demuxer,
  FilmRecord,
  FramesBeforeRequest,
  KeyIndex,
  KeyIndexEntry,
  Packet,
  PacketRequest,
} from "@riptide/media";
import { SharedResults } from "./shared-results.ts";

export type OpenDemuxer = (options: { readonly signal: AbortSignal }) => Promise<Demuxer>;

/**
 * A demuxer that knows from notes what is in a film and where it can be entered, and opens the film once its packets are wanted:
 * playlists are made without a byte of it. Packets reject with what opening rejects with.
 */
export function notedDemuxer(record: FilmRecord, open: OpenDemuxer): Demuxer {
  // The others are read by their tables alone, and have nothing to search.
  const isSearched = record.container === "matroska" || record.container === "webm";
  return isSearched ? new SearchedDemuxer(record, open) : new NotedDemuxer(record, open);
}

class NotedDemuxer implements Demuxer {
  readonly container: Demuxer["container"];
  readonly durationSeconds: number | undefined;
  readonly tracks: Demuxer["tracks"];
  readonly headEndBytes?: number;
  readonly #keyIndex: KeyIndex | undefined;
  readonly #open: OpenDemuxer;
  readonly #opened = new SharedResults<Demuxer>(1);

  constructor({ container, durationSeconds, headEndBytes, tracks, keyIndex }: FilmRecord, open: OpenDemuxer) {
    this.container = container;
    this.durationSeconds = durationSeconds;
    this.tracks = tracks;
    if (headEndBytes !== undefined) this.headEndBytes = headEndBytes;
    this.#keyIndex = keyIndex;
    this.#open = open;
  }

  async keyIndex(): Promise<KeyIndex | undefined> {
    return this.#keyIndex;
  }

  async *packets(request: PacketRequest): AsyncGenerator<readonly Packet[], void> {
    yield* (await this.opened(request.signal)).packets(request);
  }

  protected opened(signal: AbortSignal = new AbortController().signal): Promise<Demuxer> {
    return this.#opened.get("", signal, (opening) => this.#open({ signal: opening }));
  }
}

/** One of those that are searched where an index is missing or wrong. */
class SearchedDemuxer extends NotedDemuxer {
  async findEntry(
    timeSeconds: number,
    listed: KeyIndexEntry | undefined,
    options: { readonly signal: AbortSignal },
  ): Promise<KeyIndexEntry | undefined> {
    return (await this.opened(options.signal)).findEntry?.(timeSeconds, listed, options);
  }

  async framesBefore(entry: KeyIndexEntry, request: FramesBeforeRequest): Promise<readonly Uint8Array[]> {
    return (await (await this.opened(request.signal)).framesBefore?.(entry, request)) ?? [];
  }
}
