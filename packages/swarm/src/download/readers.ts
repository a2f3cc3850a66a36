import type { Demand } from "@riptide/core";
import type { TorrentGeometry } from "../types.ts";

/** What a plan may hold: 64 GiB of 64 MiB pieces, 1 GiB of 1 MiB pieces; every tick and every change walks it. */
export const MAX_PLANNED_PIECES = 1024;
/** A reader that has just come is ahead of those that flow and also need their next piece "now". */
const NEWCOMER_HEAD_START_MS = 3000;
/** Nobody waits for readahead yet: it is due this much after what somebody waits for. */
const SOON_DELAY_MS = 1000;
/** Spare bandwidth only: after any readahead, whose deadlines end before this. */
const LATER_DELAY_MS = 3_600_000;
/** Order by distance where the pace of the reader is not known. */
const ASSUMED_BYTES_PER_SECOND = 2_000_000;
/** Demands closer than this to where a reader was are the same reader going on: players skip a little. */
const SAME_PLACE_BYTES = 1024 * 1024;
/** A reader has arrived for good after this: its reads no longer get a head start. */
const ARRIVED_AFTER_MS = 250;
/** Places remembered; the longest unused are forgotten. */
const MAX_PLACES = 64;

/** What somebody wants of the torrent, in torrent bytes. */
export interface PlannedDemand extends Demand {
  /** When this demand was declared. */
  readonly sinceMs: number;
  /** Its reader was already reading here, so a `now` demand gets no newcomer's head start. See `ReadingPlaces`. */
  readonly continues?: boolean;
}

/**
 * When each piece is due, earliest first, at most `MAX_PLANNED_PIECES`. The most urgent demand for a piece counts.
 * - `now`: the first missing piece is due when it was asked for, 3 s earlier for a newcomer: a seek must outrank a
 *   reader that flows and waits as well. Between equals the longest waiting is first.
 * - `soon`: later with the distance from where the reader is.
 * - `later`: after everything else.
 */
export function planDeadlines(
  demands: readonly PlannedDemand[],
  geometry: TorrentGeometry,
  nowMs: number,
  isVerified: (piece: number) => boolean = () => false,
): [piece: number, dueMs: number][] {
  const due = new Map<number, number>();
  for (const demand of demands) {
    if (demand.range.start >= demand.range.end) continue;
    let planned = 0;
    const endPiece = Math.min(geometry.pieceCount, Math.ceil(demand.range.end / geometry.pieceLengthBytes));
    let piece = Math.floor(demand.range.start / geometry.pieceLengthBytes);
    for (; piece < endPiece && planned < MAX_PLANNED_PIECES; piece++) {
      if (isVerified(piece)) continue;
      const intoRangeBytes = Math.max(0, piece * geometry.pieceLengthBytes - demand.range.start);
      const distanceBytes = (demand.distanceBytes ?? 0) + intoRangeBytes;
      const dueMs = dueTime(demand, { isFirst: planned === 0, distanceBytes, nowMs });
      due.set(piece, Math.min(dueMs, due.get(piece) ?? Number.POSITIVE_INFINITY));
      planned += 1;
    }
  }
  return [...due].sort(([a, aDueMs], [b, bDueMs]) => aDueMs - bDueMs || a - b).slice(0, MAX_PLANNED_PIECES);
}

function dueTime(
  demand: PlannedDemand,
  { isFirst, distanceBytes, nowMs }: { isFirst: boolean; distanceBytes: number; nowMs: number },
): number {
  const bytesPerSecond = demand.bytesPerSecond ?? ASSUMED_BYTES_PER_SECOND;
  const paceMs = bytesPerSecond > 0 ? (distanceBytes / bytesPerSecond) * 1000 : distanceBytes;
  const afterMs = Math.min(paceMs, LATER_DELAY_MS - 2 * SOON_DELAY_MS);
  switch (demand.urgency) {
    case "now":
      if (!isFirst) return nowMs + afterMs;
      return demand.continues === true ? demand.sinceMs : demand.sinceMs - NEWCOMER_HEAD_START_MS;
    case "soon":
      return nowMs + SOON_DELAY_MS + afterMs;
    case "later":
      return nowMs + LATER_DELAY_MS + paceMs;
  }
}

/**
 * Tells a reader that goes on from one that has just come (a start, a seek, a second viewer), by where demands begin.
 * Call `arrive` for every demand when it is declared.
 */
export class ReadingPlaces {
  readonly #places: { offset: number; sinceMs: number }[] = [];

  /** True if somebody has been reading at this offset of the torrent already. */
  arrive(offset: number, nowMs: number): boolean {
    const index = this.#places.findIndex((place) => Math.abs(place.offset - offset) <= SAME_PLACE_BYTES);
    const [place] = index < 0 ? [{ offset, sinceMs: nowMs }] : this.#places.splice(index, 1);
    if (place === undefined) return false;
    place.offset = offset;
    this.#places.unshift(place);
    if (this.#places.length > MAX_PLACES) this.#places.pop();
    return nowMs - place.sinceMs > ARRIVED_AFTER_MS;
  }
}
