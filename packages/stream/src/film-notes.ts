import type { StreamContext } from "@riptide/core";
import type { ByteSource, RecordFormat } from "@riptide/media";
import { keyOf } from "./file-key.ts";
import { readOfPresent } from "./present-provider.ts";
import { SharedResults } from "./shared-results.ts";

/** What was learnt of the files of torrents, for the next run of the server. It goes when the torrent does. */
export interface FilmNotes {
  /** The note of this name; undefined if there is none that is whole. Never rejects. */
  read(infoHash: string, name: string): Promise<Uint8Array | undefined>;
  /** Resolves when the note is kept, or cannot be kept: somebody else is told of that. Never rejects. */
  write(infoHash: string, name: string, bytes: Uint8Array): Promise<void>;
}

/** Remembers nothing. */
export const NO_NOTES: FilmNotes = { read: async () => undefined, write: async () => undefined };

interface NotedOptions<V> {
  /** How many results are kept in memory. */
  readonly limit: number;
  readonly notes: FilmNotes;
  /** What the notes are called: a word, to which the index of the file is added. */
  readonly name: string;
  readonly format: RecordFormat<V>;
}

/** As `SharedResults`, for what is read of files; and what an earlier run of the server has read is not read again. */
export class NotedResults<V> {
  readonly #options: NotedOptions<V>;
  readonly #read: SharedResults<V>;
  readonly #noted: SharedResults<{ readonly value: V | undefined }>;

  constructor(options: NotedOptions<V>) {
    this.#options = options;
    this.#read = new SharedResults(options.limit);
    this.#noted = new SharedResults(options.limit);
  }

  /** The result, if it is in memory. */
  peek(file: StreamContext["file"]): V | undefined {
    return this.#read.peek(keyOf(file)) ?? this.#noted.peek(keyOf(file))?.value;
  }

  /** The result, if this run or an earlier one has it. */
  async known({ file, signal }: Pick<StreamContext, "file" | "signal">): Promise<V | undefined> {
    const kept = this.peek(file);
    if (kept !== undefined) return kept;
    const { notes, format } = this.#options;
    const { value } = await this.#noted.get(keyOf(file), signal, async () => {
      const bytes = await notes.read(file.infoHash, this.#nameOf(file));
      return { value: bytes && format.decode(bytes) };
    });
    return value;
  }

  /** The known result, or that of `compute`, which is then noted. Rejects like `SharedResults.get`. */
  async get(context: StreamContext, compute: (signal: AbortSignal) => Promise<V>): Promise<V> {
    const { file, signal } = context;
    const known = await this.known(context);
    return (
      known ??
      this.#read.get(keyOf(file), signal, async (reading) => {
        const value = await compute(reading);
        const { notes, format } = this.#options;
        // Nobody waits for that.
        void notes.write(file.infoHash, this.#nameOf(file), format.encode(value));
        return value;
      })
    );
  }

  /** The known result, or what `read` makes of the bytes that are there; undefined if it needs others. Nothing is fetched. */
  async knownOrPresent(
    context: StreamContext,
    read: (source: ByteSource, signal: AbortSignal) => Promise<V>,
  ): Promise<V | undefined> {
    const known = await this.known(context);
    if (known !== undefined) return known;
    const value = await readOfPresent(context.provider, (source) => read(source, context.signal));
    return value === undefined ? undefined : this.get(context, async () => value);
  }

  #nameOf({ index }: StreamContext["file"]): string {
    return `${this.#options.name}-${index}`;
  }
}
