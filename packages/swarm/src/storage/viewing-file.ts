import { join, resolve } from "node:path";
import { RecentViewings, VIEWINGS_LIMIT, type Viewing, type ViewingEvent, type ViewingStore } from "@riptide/core";
import { lstatIfThere, quarantine, readSmallFile, writeFileAtomic } from "./file-io.ts";
import { decodeJsonRecord, isObject, isWallClockMs } from "./json-record.ts";
import { withStorageErrors } from "./storage-error.ts";

const VIEWINGS_FILE = "viewings.json";
const FORMAT_VERSION = 1;
/** Longer than as many viewings as are kept, with the longest names that a page may give to subtitles, all of it escaped. */
const FILE_MAX_BYTES = VIEWINGS_LIMIT * 2048;

export interface ViewingFileOptions {
  /** Milliseconds since 1970. */
  readonly wallClockMs: () => number;
  /** Told why viewings could not be written. They are written again with the next change. */
  readonly log?: ((message: string, error: unknown) => void) | undefined;
}

/** The viewings of a data folder. Nobody waits for their writing; closing does. */
export interface ViewingFile extends ViewingStore {
  /** Writes what is not written yet. */
  close(): Promise<void>;
}

/**
 * Opens the viewings of a data folder that the caller has locked. A damaged file is put aside: there are then no viewings.
 * Rejects with a `RiptideError` where the folder cannot be read.
 */
export async function openViewingFile(dataDirectory: string, options: ViewingFileOptions): Promise<ViewingFile> {
  const path = join(resolve(dataDirectory), VIEWINGS_FILE);
  const recorded = await withStorageErrors(() => readViewings(path));
  return new StoredViewings(path, recorded, options);
}

class StoredViewings implements ViewingFile {
  readonly #path: string;
  readonly #viewings: RecentViewings;
  readonly #log: ViewingFileOptions["log"];
  #isChanged = false;
  #writing: Promise<void> | undefined;

  constructor(path: string, recorded: readonly Viewing[], { wallClockMs, log }: ViewingFileOptions) {
    this.#path = path;
    this.#viewings = new RecentViewings({ wallClockMs, recorded });
    this.#log = log;
    this.#viewings.subscribe(() => this.#changed());
  }

  list(): readonly Viewing[] {
    return this.#viewings.list();
  }

  record(viewing: Omit<Viewing, "watchedAtMs">): Viewing {
    return this.#viewings.record(viewing);
  }

  forget(infoHash: string, index?: number): number {
    return this.#viewings.forget(infoHash, index);
  }

  subscribe(listener: (event: ViewingEvent) => void): Disposable {
    return this.#viewings.subscribe(listener);
  }

  async close(): Promise<void> {
    await this.#writing;
    // What a disk that was full did not take.
    if (this.#isChanged) await this.#write();
  }

  #changed(): void {
    this.#isChanged = true;
    this.#writing ??= this.#writeChanges().finally(() => {
      this.#writing = undefined;
    });
  }

  /** However many changes come while it writes, it writes once more. */
  async #writeChanges(): Promise<void> {
    while (this.#isChanged) {
      if (!(await this.#write())) return;
    }
  }

  /** Returns whether it was written. */
  async #write(): Promise<boolean> {
    this.#isChanged = false;
    try {
      await withStorageErrors(() => writeFileAtomic(this.#path, [encodeViewings(this.#viewings.list())]));
      return true;
    } catch (error) {
      this.#isChanged = true;
      this.#log?.("What was watched could not be kept", error);
      return false;
    }
  }
}

async function readViewings(path: string): Promise<readonly Viewing[]> {
  if ((await lstatIfThere(path)) === undefined) return [];
  const bytes = await readSmallFile(path, FILE_MAX_BYTES);
  const viewings = bytes && decodeViewings(bytes);
  if (viewings === undefined) await quarantine(path);
  return viewings ?? [];
}

/** The oldest last. */
function encodeViewings(viewings: readonly Viewing[]): Uint8Array {
  return Buffer.from(JSON.stringify({ version: FORMAT_VERSION, viewings }));
}

/** The oldest first; undefined if anything is not as we write it. */
function decodeViewings(bytes: Uint8Array): readonly Viewing[] | undefined {
  const viewings = decodeJsonRecord(bytes, FORMAT_VERSION)?.["viewings"];
  return Array.isArray(viewings) && viewings.every(isViewing) ? viewings.toReversed() : undefined;
}

function isViewing(value: unknown): value is Viewing {
  if (!isObject(value)) return false;
  const { infoHash, index, positionSeconds, durationSeconds, watchedAtMs, audio, subtitle } = value;
  return (
    typeof infoHash === "string" &&
    /^[0-9a-f]{40}$/.test(infoHash) &&
    isCount(index) &&
    isTime(positionSeconds) &&
    (durationSeconds === undefined || isTime(durationSeconds)) &&
    isWallClockMs(watchedAtMs) &&
    (audio === undefined || isCount(audio)) &&
    (subtitle === undefined || typeof subtitle === "string")
  );
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

function isTime(value: unknown): value is number {
  return typeof value === "number" && value >= 0;
}
