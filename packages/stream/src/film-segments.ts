import type { StreamContext } from "@riptide/core";
import type { KeyIndex, SegmentPlan } from "@riptide/media";

/** A film as far as it is known how it is cut. */
export interface FilmSegments {
  /** From the first segment on. What is in it never changes. */
  readonly plan: SegmentPlan;
  /** Where the film can be entered, as far as the plan reaches. */
  readonly index: KeyIndex;
  /** Whether no segment will follow. */
  readonly isComplete: boolean;
  /** Whether it is cut while it is read, for want of an index: then others saw, or will see, fewer segments. */
  readonly isExplored: boolean;
}

/** What cuts a film. */
export interface FilmCutter extends Pick<FilmSegments, "isExplored"> {
  /** Rejects with what the provider rejects with if it takes bytes, and with the reason of the context's signal. */
  segments(needed: NeededSegments, context: StreamContext): Promise<FilmSegments>;
}

/**
 * What of a film that is cut while it is read is waited for:
 * - `some`: the first segment.
 * - `news`: what a player does not know yet that has asked for all that is known, if it comes within a bounded time.
 * - a number: the segment that somebody plays now, if the bytes are there that tell where it lies.
 */
export type NeededSegments = "some" | "news" | number;
