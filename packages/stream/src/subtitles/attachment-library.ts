import type { PieceProvider, StreamContext, Urgency } from "@riptide/core";
import { type Attachment, type ByteSource, readAttachments } from "@riptide/media";
import { keyOf, type MediaLibrary, timed } from "../media-library.ts";
import { SharedResults } from "../shared-results.ts";

/** Lists of a few dozen lines, of the films that play now and played before. */
const LISTS_LIMIT = 100;

/** The film itself goes before the fonts of its subtitles. */
export const ATTACHMENT_URGENCY: Urgency = "later";

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
        readAttachments(unhurried(provider), { signal }),
      ),
    );
  }

  /** The same as far as that can be told without fetching anything; undefined where it cannot. */
  async known(context: StreamContext): Promise<readonly Attachment[] | undefined> {
    if (!(await this.#mayHaveSome(context))) return [];
    const { provider, signal } = context;
    const kept = this.#lists.peek(keyOf(context.file));
    return kept ?? unlessMissing(() => readAttachments(availableOf(provider), { signal }));
  }

  async #mayHaveSome(context: StreamContext): Promise<boolean> {
    const { container } = await this.#library.mediaInfo(context);
    return container === "matroska" || container === "webm";
  }
}

function unhurried(provider: PieceProvider): ByteSource {
  return {
    sizeBytes: provider.sizeBytes,
    readAt: (offset, length, options) => provider.readAt(offset, length, { ...options, urgency: ATTACHMENT_URGENCY }),
  };
}

/** A byte that is not there yet. Never leaves this file. */
class MissingBytes extends Error {
  override readonly name = "MissingBytes";
}

/** The bytes that are there; reading others rejects with `MissingBytes`. */
function availableOf(provider: PieceProvider): ByteSource {
  return {
    sizeBytes: provider.sizeBytes,
    async readAt(offset, length, options) {
      const [first] = provider.available({ start: offset, end: offset + length });
      if (first?.start !== offset) throw new MissingBytes();
      return provider.readAt(offset, first.end - first.start, options);
    },
  };
}

async function unlessMissing<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof MissingBytes) return undefined;
    throw error;
  }
}
