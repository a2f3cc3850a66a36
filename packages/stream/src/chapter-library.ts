import type { StreamContext } from "@riptide/core";
import { type Chapter, chaptersRecord, readChapters } from "@riptide/media";
import { type FilmNotes, NO_NOTES, NotedResults } from "./film-notes.ts";
import { type MediaLibrary, timed } from "./media-library.ts";
import { unhurriedSource } from "./unhurried-source.ts";

/** Lists of a few dozen lines, of the films that play now and played before. */
const LISTS_LIMIT = 100;

/** The chapters of films. Nothing that plays waits for them: in some films they lie behind the media. Lists are read once, and noted. */
export class ChapterLibrary {
  readonly #library: MediaLibrary;
  readonly #lists: NotedResults<readonly Chapter[]>;

  constructor(library: MediaLibrary, notes: FilmNotes = NO_NOTES) {
    this.#library = library;
    this.#lists = new NotedResults({ limit: LISTS_LIMIT, notes, name: "chapters", format: chaptersRecord });
  }

  /** Waits for the bytes that tell them, behind all that is more urgent. Rejects like `MediaLibrary.mediaInfo`. */
  async list(context: StreamContext): Promise<readonly Chapter[]> {
    const { container } = await this.#library.mediaInfo(context);
    const source = unhurriedSource(context.provider);
    return timed("index", context, () =>
      this.#lists.get(context, (signal) => readChapters(source, container, { signal })),
    );
  }

  /** The same as far as that can be told without fetching anything; undefined where it cannot. */
  async known(context: StreamContext): Promise<readonly Chapter[] | undefined> {
    const { container } = await this.#library.mediaInfo(context);
    return this.#lists.knownOrPresent(context, (source, signal) => readChapters(source, container, { signal }));
  }
}
