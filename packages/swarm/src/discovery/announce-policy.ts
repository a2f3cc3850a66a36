import type { AnnounceEvent, AnnounceResult } from "./tracker.ts";

/** Trackers that ask for less are broken or hostile; ours would hammer them. */
const MIN_INTERVAL_SECONDS = 60;

/** Trackers forget peers that they have not heard of for about an hour; a lying interval must not silence us. */
const MAX_INTERVAL_SECONDS = 3_600;

/** Wait after the first round in which no tracker of a tier answered; doubles up to `MAX_INTERVAL_SECONDS`. */
const FIRST_BACKOFF_SECONDS = 15;

/** Share of a backoff that is left to chance, so that a swarm does not return all at once to a tracker that was down. */
const BACKOFF_JITTER = 0.5;

/** A tier on its way through its trackers (BEP 12). */
export interface Tier {
  readonly urls: readonly string[];
  /** Index of the tracker whose turn it is. */
  readonly position: number;
  /** Rounds in a row in which every tracker failed. */
  readonly failedRounds: number;
}

export interface NextAnnounce {
  readonly tier: Tier;
  readonly delayMs: number;
}

/** BEP 12: "URLs within each tier will be processed in a randomly chosen order". `random` gives [0, 1). */
export function createTier(urls: readonly string[], random: () => number): Tier {
  const shuffled = [...urls];
  for (let last = shuffled.length - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1));
    const [left = "", right = ""] = [shuffled[last], shuffled[other]];
    shuffled[last] = right;
    shuffled[other] = left;
  }
  return { urls: shuffled, position: 0, failedRounds: 0 };
}

/** The tracker whose turn it is. */
export function currentTracker(tier: Tier): string {
  return tier.urls[tier.position] ?? "";
}

/** BEP 12: "If a connection with a tracker is successful, it will be moved to the front of the tier". */
export function afterSuccess(tier: Tier, result: AnnounceResult): NextAnnounce {
  const url = currentTracker(tier);
  const urls = [url, ...tier.urls.filter((other) => other !== url)];
  return { tier: { urls, position: 0, failedRounds: 0 }, delayMs: intervalSeconds(result) * 1_000 };
}

/** The next tracker of the tier at once; when the last one failed too, the first one after a while. */
export function afterFailure(tier: Tier, random: () => number): NextAnnounce {
  if (tier.position + 1 < tier.urls.length) return { tier: { ...tier, position: tier.position + 1 }, delayMs: 0 };
  const backoffSeconds = Math.min(FIRST_BACKOFF_SECONDS * 2 ** tier.failedRounds, MAX_INTERVAL_SECONDS);
  const delayMs = backoffSeconds * 1_000 * (1 - BACKOFF_JITTER * random());
  return { tier: { ...tier, position: 0, failedRounds: tier.failedRounds + 1 }, delayMs };
}

/** What one tracker has been told. */
export interface Told {
  readonly started: boolean;
  readonly completed: boolean;
}

/**
 * BEP 3: `started` comes first to each tracker, `completed` once and not if the download was complete at `started`; announces at intervals
 * carry no event.
 */
export function eventFor(told: Told, isComplete: boolean): AnnounceEvent | undefined {
  if (!told.started) return "started";
  return isComplete && !told.completed ? "completed" : undefined;
}

function intervalSeconds(result: AnnounceResult): number {
  const wanted = Math.max(result.intervalSeconds, result.minIntervalSeconds ?? 0);
  return Math.min(Math.max(wanted, MIN_INTERVAL_SECONDS), MAX_INTERVAL_SECONDS);
}
