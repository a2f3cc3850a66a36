/** A stretch of a film's time, half-open. */
export interface TimeRange {
  readonly startSeconds: number;
  readonly endSeconds: number;
}

export interface FeedState {
  /** What is there to be played, in the order of its times. */
  readonly held: readonly TimeRange[];
  /** Where the film plays, or is to play. */
  readonly positionSeconds: number;
  /** How far the download that is under way has come; undefined if there is none. */
  readonly reachedSeconds: number | undefined;
  readonly endSeconds: number;
}

/** Pictures begin by so much later than times that were asked for, and ranges of them are apart by so much where nothing is missing. */
const SEAM_SECONDS = 0.1;
/** What a download that is under way brings as soon as a new one would. */
const SOON_SECONDS = 0.5;
/** A film may end by so much before its headers say; and who looks for its end wants to see something. */
const END_SECONDS = 0.5;

/** Where to begin another download; undefined if what is held, or what the one under way brings, is what is needed. */
export function placeToFetch({ held, positionSeconds, reachedSeconds, endSeconds }: FeedState): number | undefined {
  const range = held.find((each) => isWithin(positionSeconds, each.startSeconds, each.endSeconds));
  const lastSeconds = Math.max(0, endSeconds - END_SECONDS);
  if (range !== undefined && range.endSeconds >= lastSeconds) return undefined;
  const neededSeconds = range?.endSeconds ?? Math.min(positionSeconds, lastSeconds);
  const isComing =
    reachedSeconds !== undefined && isWithin(neededSeconds, reachedSeconds, reachedSeconds + SOON_SECONDS);
  return isComing ? undefined : neededSeconds;
}

function isWithin(seconds: number, startSeconds: number, endSeconds: number): boolean {
  return seconds >= startSeconds - SEAM_SECONDS && seconds < endSeconds;
}

export interface FeedPace {
  readonly positionSeconds: number;
  /** Where the download that is under way began. */
  readonly fromSeconds: number;
  /** Whether the picture that was looked for is on the screen. */
  readonly isShown: boolean;
  /** Whether all others are over: where a film sounds on without a picture, that is shown only when the sound is there to its end. */
  readonly isAlone: boolean;
}

/** Enough for a picture to be shown, and for the film to begin. */
export const PICTURE_SECONDS = 1;
/** Enough to outlast what a swarm, or what converts the film, may rest. */
const FIRST_SECONDS = 8;
/** It plays on while a swarm is slow, and is not too much to be thrown away. */
const AHEAD_SECONDS = 30;

/**
 * How far ahead of a position to download. What lies behind the picture that is waited for is fetched when that is there, and more of
 * it with what has been seen: who has looked for a place has often to look for another one next.
 */
export function aheadSeconds({ positionSeconds, fromSeconds, isShown, isAlone }: FeedPace): number {
  if (isAlone) return Number.POSITIVE_INFINITY;
  if (!isShown) return PICTURE_SECONDS;
  return Math.min(AHEAD_SECONDS, FIRST_SECONDS + 2 * Math.max(0, positionSeconds - fromSeconds));
}

/** Of what is held, what lies further behind a position than `behindSeconds`. */
export function staleRange(
  held: readonly TimeRange[],
  positionSeconds: number,
  behindSeconds: number,
): TimeRange | undefined {
  const endSeconds = positionSeconds - behindSeconds;
  const [first] = held;
  return first !== undefined && first.startSeconds < endSeconds ? { startSeconds: 0, endSeconds } : undefined;
}

/**
 * Where to go on if there is nothing to be seen at a position, and never will be: what is held ahead of it came in the order of its
 * times. Undefined if there is something, or may still be.
 */
export function endOfGap(held: readonly TimeRange[], positionSeconds: number): number | undefined {
  const next = held.find(({ endSeconds }) => endSeconds > positionSeconds);
  return next !== undefined && next.startSeconds > positionSeconds ? next.startSeconds : undefined;
}
