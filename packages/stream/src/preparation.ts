import type { ByteRange, PieceProvider, StreamContext } from "@riptide/core";
import { type KeyIndex, keyIndexEntryAt } from "@riptide/media";
import type { FilmLibrary } from "./film-library.ts";
import type { MediaLibrary } from "./media-library.ts";
import { QuietProvider } from "./quiet-provider.ts";
import { UNHURRIED } from "./unhurried-source.ts";

/** A part of a film that is to be there before anybody plays it. */
export interface PreparedPart {
  readonly fromSeconds: number;
  readonly seconds: number;
}

export interface Preparation {
  /**
   * Resolves when all of it is there. Rejects like `StreamFactory.mediaInfo`, or with the reason of the context's signal; nothing is
   * demanded any more then.
   */
  readonly done: Promise<void>;
  /** Somebody plays the film now: what he needs, too, is not to wait behind everybody else. */
  hasten(): void;
}

/**
 * Fetches what playing a film begins with, behind all who play: its head and its index, and a part of it by that. Where a film
 * has no index, only its head.
 */
export function prepareFilm(
  context: StreamContext,
  part: PreparedPart | undefined,
  libraries: { readonly library: MediaLibrary; readonly films: FilmLibrary },
): Preparation {
  const quiet = new QuietProvider(context.provider);
  const fetchAll = async (): Promise<void> => {
    try {
      const head = { start: 0, end: Math.min(HEAD_LENGTH_BYTES, context.provider.sizeBytes) };
      await fetchRange(quiet, head, context.signal);
      const index = await fetchIndex({ ...context, provider: quiet }, libraries);
      const range = part && index && bytesOf(part, index, context.provider.sizeBytes);
      if (range !== undefined) await fetchRange(context.provider, range, context.signal);
    } finally {
      // The film is kept, and what it still has to read is read for those who play it.
      quiet.hasten();
    }
  };
  return { done: fetchAll(), hasten: () => quiet.hasten() };
}

/** Whoever opens a film reads so much of it, though notes tell what it is. */
const HEAD_LENGTH_BYTES = 64 * 1024;

async function fetchIndex(
  context: StreamContext,
  { library, films }: { readonly library: MediaLibrary; readonly films: FilmLibrary },
): Promise<KeyIndex | undefined> {
  const { container } = await library.mediaInfo(context);
  const known = await films.knownRecord(context);
  if (known !== undefined) return known.keyIndex;
  const film = await films.film(container, context);
  return film && films.keyIndex(film, context);
}

/** From the keyframe at or before its start to the first one at or behind its end. */
function bytesOf({ fromSeconds, seconds }: PreparedPart, index: KeyIndex, sizeBytes: number): ByteRange {
  const start = Math.min(keyIndexEntryAt(index, fromSeconds)!.offsetBytes, sizeBytes);
  const next = index.find(({ timeSeconds }) => timeSeconds >= fromSeconds + seconds);
  // Where a file does not keep its tracks together, the index may go back.
  return { start, end: Math.max(start, Math.min(next?.offsetBytes ?? sizeBytes, sizeBytes)) };
}

/** Waits for each gap by a read of its first byte: it wakes on the piece, and what is there already is not read. */
async function fetchRange(provider: PieceProvider, range: ByteRange, signal: AbortSignal): Promise<void> {
  using _demand = provider.want({ range, urgency: UNHURRIED });
  for (let at = range.start; at < range.end; ) {
    const [first] = provider.available({ start: at, end: range.end });
    if (first?.start === at) at = first.end;
    else await provider.readAt(at, 1, { signal, urgency: UNHURRIED });
  }
}
