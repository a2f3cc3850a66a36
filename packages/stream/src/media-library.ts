import { MediaError, type PieceProvider, type StreamContext, type StreamPhase } from "@riptide/core";
import {
  type ByteSource,
  type Container,
  type MediaInfo,
  readMediaInfo,
  SNIFF_LENGTH_BYTES,
  sniffContainer,
} from "@riptide/media";
import { SharedResults } from "./shared-results.ts";

/** Media infos are a few KiB each; so many files are looked at in one evening. */
const MEDIA_INFOS_LIMIT = 1000;
/** What is demanded of both ends as soon as a file is opened: headers lie at the start, indexes at the end. */
const ENDS_LENGTH_BYTES = 64 * 1024;

/** A container, or that the content is none. */
type Sniffed = { readonly container: Container | undefined };

/**
 * What is known about files, by content only. Each thing is read once, however many ask for it, and kept while others are not
 * asked for more often. Waiting is recorded in the context's timings.
 */
export class MediaLibrary {
  readonly #sniffed = new SharedResults<Sniffed>(MEDIA_INFOS_LIMIT);
  readonly #infos = new SharedResults<MediaInfo>(MEDIA_INFOS_LIMIT);

  /** The container that the first bytes say, or undefined if they are no media. */
  async container(context: StreamContext): Promise<Container | undefined> {
    const { provider } = context;
    const { container } = await this.#read(this.#sniffed, "head", context, async (signal) => ({
      container: sniffContainer(await readFully(provider, SNIFF_LENGTH_BYTES, signal)),
    }));
    return container;
  }

  /**
   * Rejects with `MediaError` `not_media` or `damaged_media`, with what the provider rejects with, or with the reason of the
   * context's signal.
   */
  async mediaInfo(context: StreamContext): Promise<MediaInfo> {
    const ends = demandEnds(context.provider);
    try {
      if ((await this.container(context)) === undefined) throw notMedia();
      return await this.#read(this.#infos, "index", context, (signal) => readMediaInfo(context.provider, { signal }));
    } finally {
      ends[Symbol.dispose]();
    }
  }

  /** How many bytes of the file play in a second, if it has been read already. */
  bytesPerSecond({ file, provider }: StreamContext): number | undefined {
    const durationSeconds = this.#infos.peek(keyOf(file))?.durationSeconds;
    return durationSeconds === undefined ? undefined : provider.sizeBytes / durationSeconds;
  }

  #read<V>(
    results: SharedResults<V>,
    phase: StreamPhase,
    context: StreamContext,
    compute: (signal: AbortSignal) => Promise<V>,
  ): Promise<V> {
    return timed(phase, context, () => results.get(keyOf(context.file), context.signal, compute));
  }
}

/** Does something, and records how long it took, also if it failed. */
export async function timed<V>(
  phase: StreamPhase,
  { clock, timings }: StreamContext,
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
 * swarm is saved.
 */
export function demandEnds(provider: PieceProvider): Disposable {
  const { sizeBytes } = provider;
  const head = { start: 0, end: Math.min(sizeBytes, ENDS_LENGTH_BYTES) };
  const tail = { start: Math.max(0, sizeBytes - ENDS_LENGTH_BYTES), end: sizeBytes };
  const demands = [provider.want({ range: head, urgency: "now" }), provider.want({ range: tail, urgency: "soon" })];
  return {
    [Symbol.dispose]: () => {
      for (const demand of demands) demand[Symbol.dispose]();
    },
  };
}

/** Names the bytes of a file. */
export function keyOf(file: StreamContext["file"]): string {
  return `${file.infoHash}-${file.index}`;
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
