import type { StreamContext } from "@riptide/core";
import { type Attachment, attachmentsRecord, readAttachments } from "@riptide/media";
import { type FilmNotes, NO_NOTES, NotedResults } from "../film-notes.ts";
import { type MediaLibrary, timed } from "../media-library.ts";
import { unhurriedSource } from "../unhurried-source.ts";

/** Lists of a few dozen lines, of the films that play now and played before. */
const LISTS_LIMIT = 100;

/** What is attached to films: only Matroska can carry fonts. Lists are read once, and noted. */
export class AttachmentLibrary {
  readonly #library: MediaLibrary;
  readonly #lists: NotedResults<readonly Attachment[]>;

  constructor(library: MediaLibrary, notes: FilmNotes = NO_NOTES) {
    this.#library = library;
    this.#lists = new NotedResults({ limit: LISTS_LIMIT, notes, name: "attachments", format: attachmentsRecord });
  }

  /** Waits for the headers of all attachments, behind all that is more urgent. Rejects like `MediaLibrary.mediaInfo`. */
  async list(context: StreamContext): Promise<readonly Attachment[]> {
    if (!(await this.#mayHaveSome(context))) return [];
    const source = unhurriedSource(context.provider);
    return timed("index", context, () => this.#lists.get(context, (signal) => readAttachments(source, { signal })));
  }

  /** The same as far as that can be told without fetching anything; undefined where it cannot. */
  async known(context: StreamContext): Promise<readonly Attachment[] | undefined> {
    if (!(await this.#mayHaveSome(context))) return [];
    return this.#lists.knownOrPresent(context, (source, signal) => readAttachments(source, { signal }));
  }

  async #mayHaveSome(context: StreamContext): Promise<boolean> {
    const { container } = await this.#library.mediaInfo(context);
    return container === "matroska" || container === "webm";
  }
}
