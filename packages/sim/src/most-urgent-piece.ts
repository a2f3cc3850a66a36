import type { Demand, Urgency } from "@riptide/core";

/** `now` always comes before `soon`, `soon` before `later`. */
const URGENCY_RANK: Readonly<Record<Urgency, number>> = { now: 0, soon: 1, later: 2 };

/**
 * The piece to fetch next among those that `isOpen` allows: of the most urgent demands the one whose next piece is
 * nearest to its start, so that two readers take turns; of equals the one declared first.
 */
export function mostUrgentPiece(
  demands: readonly Demand[],
  pieceAt: (offset: number) => number,
  isOpen: (piece: number) => boolean,
): number | undefined {
  let best: { piece: number; rank: number; distance: number } | undefined;
  for (const { range, urgency } of demands) {
    const rank = URGENCY_RANK[urgency];
    const first = pieceAt(range.start);
    const piece = firstOpen(first, pieceAt(range.end - 1), isOpen);
    if (piece === undefined) continue;
    const distance = piece - first;
    const isBetter = best === undefined || rank < best.rank || (rank === best.rank && distance < best.distance);
    if (isBetter) best = { piece, rank, distance };
  }
  return best?.piece;
}

function firstOpen(first: number, last: number, isOpen: (piece: number) => boolean): number | undefined {
  for (let piece = first; piece <= last; piece += 1) if (isOpen(piece)) return piece;
  return undefined;
}
