import { type Downloader, planDeadlines, ReadingPlaces } from "../../src/download/index.ts";
import type { TorrentGeometry } from "../../src/types.ts";

const DEFAULT_WINDOW_BYTES = 16 * 1024 * 1024;
const READ_BYTES = 64 * 1024;

/** One reader that reads as fast as bytes come, with a window in front of it. */
interface Reader {
  offset: number;
  waitingSinceMs: number;
  continues: boolean;
}

export interface SwarmReadersOptions {
  readonly geometry: TorrentGeometry;
  readonly downloader: Downloader;
  readonly nowMs: () => number;
  readonly isStored: (piece: number) => boolean;
  readonly windowBytes?: number | undefined;
}

/** Who reads the torrent: turns places into deadlines, as the session does, and goes on when a piece is stored. */
export class SwarmReaders {
  readonly #options: SwarmReadersOptions;
  readonly #readers = new Map<number, Reader>();
  readonly #places = new ReadingPlaces();

  constructor(options: SwarmReadersOptions) {
    this.#options = options;
  }

  get ids(): number[] {
    return [...this.#readers.keys()];
  }

  /** Somebody begins to read there: a start or a seek. */
  read(id: number, offset: number): void {
    this.#readers.set(id, { offset, waitingSinceMs: this.#options.nowMs(), continues: false });
    this.#plan(id);
    this.advance();
  }

  stop(id: number): void {
    this.#readers.delete(id);
    this.#options.downloader.setDeadlines(id, null, this.#options.nowMs());
  }

  /** Everything at once, as a download without a reader. */
  wantAll(): void {
    const { downloader, geometry, isStored, nowMs } = this.#options;
    const demand = { range: { start: 0, end: geometry.sizeBytes }, urgency: "later" as const, sinceMs: nowMs() };
    downloader.setDeadlines(-1, planDeadlines([demand], geometry, nowMs(), isStored), nowMs());
  }

  /** A piece was stored: whoever waited for it reads on. */
  advance(): void {
    for (const [id, reader] of this.#readers) this.#advance(id, reader);
  }

  #advance(id: number, reader: Reader): void {
    const { geometry, isStored, nowMs } = this.#options;
    const startOffset = reader.offset;
    while (reader.offset < geometry.sizeBytes && isStored(Math.floor(reader.offset / geometry.pieceLengthBytes))) {
      reader.offset = Math.min(geometry.sizeBytes, reader.offset + READ_BYTES);
      reader.continues = this.#places.arrive(reader.offset, nowMs());
    }
    if (reader.offset === startOffset) return;
    reader.waitingSinceMs = nowMs();
    this.#plan(id);
  }

  #plan(id: number): void {
    const reader = this.#readers.get(id);
    if (reader === undefined) return;
    const { downloader, geometry, isStored, windowBytes = DEFAULT_WINDOW_BYTES } = this.#options;
    const { offset, waitingSinceMs, continues } = reader;
    const nowMs = this.#options.nowMs();
    if (!continues) this.#places.arrive(offset, nowMs);
    const now = { start: offset, end: Math.min(geometry.sizeBytes, offset + READ_BYTES) };
    const soon = { start: offset, end: Math.min(geometry.sizeBytes, offset + windowBytes) };
    const plan = planDeadlines(
      [
        { range: now, urgency: "now", sinceMs: waitingSinceMs, continues },
        { range: soon, urgency: "soon", sinceMs: nowMs },
      ],
      geometry,
      nowMs,
      isStored,
    );
    downloader.setDeadlines(id, plan, nowMs);
  }
}
