import { type ByteRange, type Demand, READAHEAD_MIN_BYTES } from "@riptide/core";
import type { TorrentGeometry } from "../types.ts";

/**
 * What is fetched while all that readers ask for is there: nothing; what lies ahead of where they read; or what fewest peers
 * have, so that it can still be had when those leave. Only ever of files that are played.
 */
export type SparePolicy = "nothing" | "ahead" | "rarest";

/** Files remembered as played; the longest unused are forgotten. */
const MAX_CHOSEN_FILES = 16;

/** A file that is played: its pieces, half-open, and the one that was read last. */
export interface ChosenFile {
  readonly start: number;
  readonly end: number;
  readonly head: number;
}

/** Which files are played, by what is demanded of them; the latest first. */
export class ChosenFiles {
  readonly #geometry: TorrentGeometry;
  readonly #files: readonly ByteRange[];
  readonly #chosen = new Map<ByteRange, ChosenFile>();

  /** `files`: where they lie in the torrent. */
  constructor(geometry: TorrentGeometry, files: readonly ByteRange[]) {
    this.#geometry = geometry;
    this.#files = files;
  }

  get latestFirst(): ChosenFile[] {
    return [...this.#chosen.values()].reverse();
  }

  /** Whoever only looks into a file, to tell what it is, never has more than the smallest window. True if it tells more. */
  note({ range, urgency }: Demand): boolean {
    if (urgency === "later" || range.end - range.start <= READAHEAD_MIN_BYTES) return false;
    const file = this.#files.find(({ start, end }) => range.start >= start && range.start < end);
    if (file === undefined) return false;
    const { pieceLengthBytes } = this.#geometry;
    const head = Math.floor(range.start / pieceLengthBytes);
    this.#chosen.delete(file);
    const [start, end] = [Math.floor(file.start / pieceLengthBytes), Math.ceil(file.end / pieceLengthBytes)];
    this.#chosen.set(file, { start, end, head });
    for (const oldest of this.#chosen.keys()) {
      if (this.#chosen.size <= MAX_CHOSEN_FILES) break;
      this.#chosen.delete(oldest);
    }
    return true;
  }
}

/**
 * The pieces to fetch next with bandwidth that nobody needs, at most `limit`, best first: those that were begun, then by
 * policy. `availability` counts the peers that have a piece; what nobody has is left out. O(pieces of the files).
 */
export function sparePieces(
  policy: SparePolicy,
  files: readonly ChosenFile[],
  options: {
    readonly limit: number;
    readonly isMissing: (piece: number) => boolean;
    readonly isBegun: (piece: number) => boolean;
    readonly availability: (piece: number) => number;
  },
): number[] {
  if (policy === "nothing") return [];
  const { limit, isMissing, isBegun, availability } = options;
  const candidates = new Set<number>();
  for (const file of files) {
    for (const piece of fromHead(file)) {
      // In order of the files, enough is enough.
      if (policy === "ahead" && candidates.size >= limit) break;
      if (isMissing(piece) && availability(piece) > 0) candidates.add(piece);
    }
  }
  const rarity = (piece: number): number => (isBegun(piece) ? 0 : availability(piece));
  const pieces = [...candidates];
  if (policy === "rarest") pieces.sort((a, b) => rarity(a) - rarity(b));
  return pieces.slice(0, limit);
}

/** From where it is read to its end, then from its start. */
function* fromHead({ start, end, head }: ChosenFile): Generator<number, void> {
  for (let piece = head; piece < end; piece++) yield piece;
  for (let piece = start; piece < Math.min(head, end); piece++) yield piece;
}
