/** A packet with the times that it has in MP4, in ticks of its track. */
export interface TimedSample {
  /** When it is decoded: at least 0, and later than the sample before it. */
  readonly dtsTicks: number;
  readonly ptsTicks: number;
  /** Until the next sample is decoded; nominal where the next one is not known. At least 1. */
  readonly durationTicks: number;
  readonly isKeyframe: boolean;
  readonly data: Uint8Array;
}

/** Whole ticks, and no further from 0 than `TICKS_LIMIT`. */
export function boundedTicks(ticks: number): number {
  return Math.max(-TICKS_LIMIT, Math.min(Math.round(ticks), TICKS_LIMIT));
}

/** Some five days of the finest timescale in use, 100 ns: up to there, sums of times are exact in ticks and in seconds. */
const TICKS_LIMIT = 2 ** 42;
