/** How fast a film comes, and how fast it is needed. */
export interface Pace {
  /** Of the whole file, on average, at the speed at which it plays; undefined if its length in time is unknown. */
  readonly neededBytesPerSecond: number | undefined;
  readonly swarmBytesPerSecond: number;
  /** How long the picture has stood still for want of bytes, lately. */
  readonly waitedMs: number;
  readonly isWhole: boolean;
}

/** A seek takes some seconds in many swarms that are fast enough. */
const WAITED_MS = 5_000;

/** Whether the swarm is too slow for the film to be played as it comes. */
export function isTooSlow({ neededBytesPerSecond, swarmBytesPerSecond, waitedMs, isWhole }: Pace): boolean {
  if (neededBytesPerSecond === undefined || isWhole) return false;
  return waitedMs >= WAITED_MS && swarmBytesPerSecond < neededBytesPerSecond;
}

/** What plays so many times as long as it stood still before has made up for it. */
const FORGIVEN_BY = 6;

/** Adds up how long a film stands still, however it stutters. */
export class WaitMeter {
  #waitedMs = 0;
  #lookedAtMs: number | undefined;

  /** How long it has waited lately. To be told of often. */
  look(isWaiting: boolean, nowMs: number): number {
    const passedMs = nowMs - (this.#lookedAtMs ?? nowMs);
    this.#lookedAtMs = nowMs;
    this.#waitedMs = Math.max(0, this.#waitedMs + (isWaiting ? passedMs : -passedMs / FORGIVEN_BY));
    return this.#waitedMs;
  }

  /** Somebody has looked for another place: to wait there says nothing yet. */
  reset(): void {
    this.#waitedMs = 0;
  }
}

/** As much as the server prepares at a time. */
const AHEAD_MAX_SECONDS = 600;
const AHEAD_MIN_SECONDS = 30;

/**
 * How much of the film should be there before it goes on, so that it plays to its end: the rest comes while it plays.
 */
export function secondsToBuffer(pace: Pace, remainingSeconds: number): number {
  const { neededBytesPerSecond = 0, swarmBytesPerSecond } = pace;
  const missingShare = neededBytesPerSecond === 0 ? 0 : 1 - swarmBytesPerSecond / neededBytesPerSecond;
  const seconds = Math.max(AHEAD_MIN_SECONDS, remainingSeconds * Math.max(0, missingShare));
  return Math.min(seconds, remainingSeconds, AHEAD_MAX_SECONDS);
}
