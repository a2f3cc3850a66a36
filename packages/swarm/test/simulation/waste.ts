import type { TorrentGeometry } from "../../src/types.ts";

/**
 * In 16,000 runs with all their trouble, what came in vain was a thirtieth of what was of use, and in one run in a thousand half of it.
 * Where everything comes twice it is as much again.
 */
const MAX_NEEDLESS_SHARE = 0.5;

/** What came over the wire. */
export interface Haul {
  readonly usefulBytes: number;
  /** Pieces that were not what their hash says. */
  readonly wrongBytes: number;
  /** Came twice, or when nobody wanted it any more. */
  readonly needlessBytes: number;
}

interface Figures {
  readonly downloadedBytes: number;
  readonly wastedBytes: number;
  readonly hashFailures: number;
}

export function haulOf(figures: Figures, { sizeBytes, pieceLengthBytes }: TorrentGeometry): Haul {
  const { downloadedBytes, wastedBytes, hashFailures } = figures;
  const wrongBytes = hashFailures * Math.min(pieceLengthBytes, sizeBytes);
  const needlessBytes = Math.max(0, wastedBytes - wrongBytes);
  return { usefulBytes: downloadedBytes - wastedBytes, wrongBytes, needlessBytes };
}

/** `spareBytes`: what may come in vain however little was of use. */
export function wasteFailure({ usefulBytes, wrongBytes, needlessBytes }: Haul, spareBytes: number): string | undefined {
  // A piece that was wrong may come from one witness alone, who is given up for a faster one (seed 3004474).
  const limitBytes = MAX_NEEDLESS_SHARE * usefulBytes + wrongBytes + spareBytes;
  return needlessBytes > limitBytes ? `${needlessBytes} bytes came in vain, more than ${limitBytes}` : undefined;
}

/** Of many runs: how much came in vain for each byte that was of use. */
export function needlessShare(hauls: readonly Haul[]): number {
  const sum = (bytes: (haul: Haul) => number): number => hauls.reduce((total, haul) => total + bytes(haul), 0);
  return sum(({ needlessBytes }) => needlessBytes) / sum(({ usefulBytes }) => usefulBytes);
}
