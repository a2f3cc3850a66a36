import type { StreamContext } from "@riptide/core";
import { type Attachment, readAttachments } from "@riptide/media";
import { keyOf, type MediaLibrary, timed } from "../media-library.ts";
import { SharedResults } from "../shared-results.ts";
import { readOfPresent, unhurriedSource } from "../unhurried-source.ts";

/** Lists of a few dozen lines, of the films that play now and played before. */
const LISTS_LIMIT = 100;

/** What is attached to films: only Matroska can carry fonts. Lists are read once. */
export class AttachmentLibrary {
  readonly #library: MediaLibrary;
  readonly #lists = new SharedResults<readonly Attachment[]>(LISTS_LIMIT);

  constructor(library: MediaLibrary) {
    this.#library = library;
  }

  /** Waits for the headers of all attachments, behind all that is more urgent. Rejects like `MediaLibrary.mediaInfo`. */
  async list(context: StreamContext): Promise<readonly Attachment[]> {
    if (!(await this.#mayHaveSome(context))) return [];
    const { provider } = context;
    return timed("index", context, () =>
      this.#lists.get(keyOf(context.file), context.signal, (signal) =>
        readAttachments(unhurriedSource(provider), { signal }),
      ),
    );
  }

  /** The same as far as that can be told without fetching anything; undefined where it cannot. */
  async known(context: StreamContext): Promise<readonly Attachment[] | undefined> {
    if (!(await this.#mayHaveSome(context))) return [];
    const { provider, signal } = context;
    const kept = this.#lists.peek(keyOf(context.file));
    return kept ?? readOfPresent(provider, (source) => readAttachments(source, { signal }));
  }

  async #mayHaveSome(context: StreamContext): Promise<boolean> {
    const { container } = await this.#library.mediaInfo(context);
    return container === "matroska" || container === "webm";
  }
}
