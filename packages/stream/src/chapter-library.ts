import type { StreamContext } from "@riptide/core";
import { type Chapter, readChapters } from "@riptide/media";
import { keyOf, type MediaLibrary, timed } from "./media-library.ts";
import { SharedResults } from "./shared-results.ts";
import { readOfPresent, unhurriedSource } from "./unhurried-source.ts";

/** Lists of a few dozen lines, of the films that play now and played before. */
const LISTS_LIMIT = 100;

/** The chapters of films. Nothing that plays waits for them: in some films they lie behind the media. Lists are read once. */
export class ChapterLibrary {
  readonly #library: MediaLibrary;
  readonly #lists = new SharedResults<readonly Chapter[]>(LISTS_LIMIT);

  constructor(library: MediaLibrary) {
    this.#library = library;
  }

  /** Waits for the bytes that tell them, behind all that is more urgent. Rejects like `MediaLibrary.mediaInfo`. */
  async list(context: StreamContext): Promise<readonly Chapter[]> {
    const { container } = await this.#library.mediaInfo(context);
    const { provider } = context;
    return timed("index", context, () =>
      this.#lists.get(keyOf(context.file), context.signal, (signal) =>
        readChapters(unhurriedSource(provider), container, { signal }),
      ),
    );
  }

  /** The same as far as that can be told without fetching anything; undefined where it cannot. */
  async known(context: StreamContext): Promise<readonly Chapter[] | undefined> {
    const { container } = await this.#library.mediaInfo(context);
    const { provider, signal } = context;
    const kept = this.#lists.peek(keyOf(context.file));
    return kept ?? readOfPresent(provider, (source) => readChapters(source, container, { signal }));
  }
}
