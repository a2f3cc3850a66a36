import { MediaError, type PieceProvider, type StreamContext, type StreamPhase } from "@riptide/core";
import {
  type ByteSource,
  bytesPerSecondAt,
  type Container,
  type KeyIndex,
  type MediaInfo,
  mediaInfoRecord,
  readMediaInfo,
  SNIFF_LENGTH_BYTES,
  sniffContainer,
} from "@riptide/media";
import { keyOf } from "./file-key.ts";
import { type FilmNotes, NO_NOTES, NotedResults } from "./film-notes.ts";
import type { ByteRate } from "./sequential-reader.ts";
import { SharedResults } from "./shared-results.ts";

/** Media infos are a few KiB each; so many files are looked at in one evening. */
const MEDIA_INFOS_LIMIT = 1000;
/** What is demanded of both ends as soon as a file is opened: headers lie at the start, indexes at the end. */
const ENDS_LENGTH_BYTES = 64 * 1024;

type KeyIndexOf = (file: StreamContext["file"]) => KeyIndex | undefined;

/** A container, or that the content is none. */
type Sniffed = { readonly container: Container | undefined };

/**
 * What is known about files, by content only. Each thing is read once, however many ask for it, and kept while others are not
 * asked for more often; media infos are kept in notes, too, from one run of the server to the next. Waiting is recorded in the
 * context's timings.
 */
export class MediaLibrary {
  readonly #sniffed = new SharedResults<Sniffed>(MEDIA_INFOS_LIMIT);
  readonly #infos: NotedResults<MediaInfo>;

  readonly #keyIndexOf: KeyIndexOf;

  /** `keyIndexOf` tells the index of a film that has been read already. */
  constructor(notes: FilmNotes = NO_NOTES, keyIndexOf: KeyIndexOf = () => undefined) {
    this.#keyIndexOf = keyIndexOf;
    this.#infos = new NotedResults({ limit: MEDIA_INFOS_LIMIT, notes, name: "info", format: mediaInfoRecord });
  }

  /** The container that the first bytes say, or undefined if they are no media. */
  async container(context: StreamContext): Promise<Container | undefined> {
    const known = await this.#infos.known(context);
    return known === undefined ? this.#sniff(context) : known.container;
  }

  /**
   * Rejects with `MediaError` `not_media` or `damaged_media`, with what the provider rejects with, or with the reason of the
   * context's signal.
   */
  async mediaInfo(context: StreamContext): Promise<MediaInfo> {
    const known = await this.#infos.known(context);
    if (known !== undefined) return known;
    const { provider } = context;
    const ends = demandEnds(provider);
    try {
      if ((await this.#sniff(context)) === undefined) throw notMedia();
      return await timed("index", context, () =>
        this.#infos.get(context, (signal) => readMediaInfo(provider, { signal })),
      );
    } finally {
      ends[Symbol.dispose]();
    }
  }

  /** The same if it can be told without fetching anything for it. */
  knownMediaInfo(context: StreamContext): Promise<MediaInfo | undefined> {
    return this.#infos.knownOrPresent(context, (source, signal) => readMediaInfo(source, { signal }));
  }

  /**
   * How many bytes of the file play in a second, if it has been read already: at the place that is asked about where its index
   * is known, else in the whole file.
   */
  bytesPerSecond({ file, provider }: StreamContext): ByteRate | undefined {
    const durationSeconds = this.#infos.peek(file)?.durationSeconds;
    if (durationSeconds === undefined) return undefined;
    const end = { timeSeconds: durationSeconds, offsetBytes: provider.sizeBytes };
    return (offsetBytes) =>
      bytesPerSecondAt(this.#keyIndexOf(file) ?? [], end, offsetBytes) ?? end.offsetBytes / durationSeconds;
  }

  async #sniff({ provider, file, ...context }: StreamContext): Promise<Container | undefined> {
    const { container } = await timed("head", context, () =>
      this.#sniffed.get(keyOf(file), context.signal, async (signal) => ({
        container: sniffContainer(await readFully(provider, SNIFF_LENGTH_BYTES, signal)),
      })),
    );
    return container;
  }
}

/** Does something, and records how long it took, also if it failed. */
export async function timed<V>(
  phase: StreamPhase,
  { clock, timings }: Pick<StreamContext, "clock" | "timings">,
  work: () => Promise<V>,
): Promise<V> {
  const startMs = clock.nowMs();
  try {
    return await work();
  } finally {
    timings.record(phase, clock.nowMs() - startMs);
  }
}

/**
 * Asks for both ends of a file at once, the start first: if the index turns out to lie at the end, a round trip through the
 * swarm is saved. Both are due now; what is asked for first is shared out first, so that the head does not wait for the tail.
 */
export function demandEnds(provider: PieceProvider): Disposable {
  const { sizeBytes } = provider;
  const head = { start: 0, end: Math.min(sizeBytes, ENDS_LENGTH_BYTES) };
  const tail = { start: Math.max(0, sizeBytes - ENDS_LENGTH_BYTES), end: sizeBytes };
  const demands = [provider.want({ range: head, urgency: "now" }), provider.want({ range: tail, urgency: "now" })];
  return {
    [Symbol.dispose]: () => {
      for (const demand of demands) demand[Symbol.dispose]();
    },
  };
}

function notMedia(): MediaError {
  return new MediaError(
    "not_media",
    "This file is no video or audio that Riptide knows. Download it, or choose another file.",
  );
}

/** The first `lengthBytes` of a source, or all of it if it is shorter. */
export async function readFully(source: ByteSource, lengthBytes: number, signal: AbortSignal): Promise<Uint8Array> {
  const whole = new Uint8Array(Math.min(lengthBytes, source.sizeBytes));
  let position = 0;
  while (position < whole.length) {
    const chunk = await source.readAt(position, whole.length - position, { signal });
    whole.set(chunk, position);
    position += chunk.length;
  }
  return whole;
}
