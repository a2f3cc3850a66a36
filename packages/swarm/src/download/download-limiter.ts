import { TokenBucket } from "../token-bucket.ts";
import type { DownloadAllowance } from "./downloader-types.ts";

/** Who was refused keeps its place in line for two ticks of a downloader; one that wants no more does not come back. */
const CLAIM_MS = 100;

/** Somebody who was refused, and how urgent what it wants is. */
interface Claim {
  readonly dueMs: number;
  readonly atMs: number;
}

/**
 * Bytes per second that all torrents together ask for: what is not asked for does not come, so that peers need not be read slowly, and what
 * does come is what is due first. Of several torrents that wait, the one whose block is due first goes first. Clock-free.
 */
export class DownloadLimiter {
  readonly #bucket: TokenBucket;
  readonly #claims = new Map<DownloadAllowance, Claim>();

  constructor(bytesPerSecond: number) {
    this.#bucket = new TokenBucket(bytesPerSecond);
  }

  /** The part of one torrent. */
  allowance(): DownloadAllowance {
    const allowance: DownloadAllowance = {
      mayAsk: (dueMs, nowMs) => this.#mayAsk(allowance, dueMs, nowMs),
      charge: (bytes) => this.#bucket.take(bytes),
    };
    return allowance;
  }

  #mayAsk(who: DownloadAllowance, dueMs: number, nowMs: number): boolean {
    this.#bucket.refill(nowMs);
    if (this.#bucket.hasTokens && !this.#isSomebodyFirst(who, dueMs, nowMs)) {
      this.#claims.delete(who);
      return true;
    }
    const claim = this.#claims.get(who);
    // Its peers have different pieces: the most urgent of what was refused now counts.
    if (claim?.atMs !== nowMs || dueMs < claim.dueMs) this.#claims.set(who, { dueMs, atMs: nowMs });
    return false;
  }

  #isSomebodyFirst(who: DownloadAllowance, dueMs: number, nowMs: number): boolean {
    for (const [other, claim] of this.#claims) {
      if (nowMs - claim.atMs > CLAIM_MS) this.#claims.delete(other);
      else if (other !== who && claim.dueMs < dueMs) return true;
    }
    return false;
  }
}
