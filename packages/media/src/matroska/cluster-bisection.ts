import type { KeyIndexEntry } from "../key-index.ts";

/** Bytes that one probe scans for a Cluster: ffmpeg lets one grow to 5 MB, most muxers end it after some seconds. */
const PROBE_WINDOW_BYTES = 4 * 1024 * 1024;
/** How far beside a guess to look where no Cluster has told its size. */
const USUAL_CLUSTER_BYTES = 1024 * 1024;

export interface FoundCluster extends KeyIndexEntry {
  /** No other Cluster starts between `offsetBytes` and this. */
  readonly nextOffsetBytes: number;
  readonly isSized: boolean;
}

/** No Cluster from `offsetBytes` on begins at or before the time that is searched for. */
export interface UpperBound {
  readonly offsetBytes: number;
  /** When the first Cluster from there on begins, or the film ends; undefined if nobody knows. */
  readonly timeSeconds: number | undefined;
  /** Where that Cluster starts, or the film ends. */
  readonly clusterBytes: number;
}

export interface ProbeWindow {
  readonly startBytes: number;
  readonly endBytes: number;
}

/** What a search knows of where the last Cluster at or before a time lies, and where it looks next. */
export class ClusterBisection {
  readonly #timeSeconds: number;
  #lower: FoundCluster;
  #upper: UpperBound;
  #probes = 0;
  #window: ProbeWindow = { startBytes: 0, endBytes: 0 };
  /** Where a run of windows without a Cluster began, which is to go on. */
  #emptyFromBytes: number | undefined;
  /** Whether what follows `lower` has not been looked at. */
  #isLowerNew = false;

  constructor(timeSeconds: number, lower: FoundCluster, upper: UpperBound) {
    this.#timeSeconds = timeSeconds;
    this.#lower = lower;
    this.#upper = upper;
  }

  /** The best find so far. */
  get lower(): FoundCluster {
    return this.#lower;
  }

  get upper(): UpperBound {
    return this.#upper;
  }

  /** Bytes in which a better one may start. */
  get gapBytes(): number {
    return Math.max(0, this.#upper.offsetBytes - this.#lower.nextOffsetBytes);
  }

  /** Where to look for the first Cluster. */
  nextWindow(): ProbeWindow {
    const startBytes = this.#emptyFromBytes === undefined ? this.#guess() : this.#window.endBytes;
    this.#window = { startBytes, endBytes: Math.min(startBytes + PROBE_WINDOW_BYTES, this.#upper.offsetBytes) };
    this.#probes += 1;
    return this.#window;
  }

  /** Takes the first Cluster that starts in the window, or that there is none. */
  narrow(cluster: FoundCluster | undefined): void {
    const emptyFromBytes = this.#emptyFromBytes ?? this.#window.startBytes;
    const isAtEnd = this.#window.endBytes >= this.#upper.offsetBytes;
    this.#emptyFromBytes = cluster === undefined && !isAtEnd ? emptyFromBytes : undefined;
    this.#isLowerNew = false;
    if (cluster === undefined) {
      if (isAtEnd) this.#upper = { ...this.#upper, offsetBytes: emptyFromBytes };
    } else if (!this.raise(cluster)) {
      this.#upper = { ...this.#upper, offsetBytes: emptyFromBytes };
    }
  }

  /** Takes the Cluster that follows `lower`, or any later one: whether it is before the time. */
  raise(cluster: FoundCluster): boolean {
    const { offsetBytes, timeSeconds } = cluster;
    const isBefore = timeSeconds <= this.#timeSeconds;
    if (isBefore) this.#lower = cluster;
    else this.#upper = { offsetBytes, timeSeconds, clusterBytes: offsetBytes };
    this.#isLowerNew = isBefore;
    return isBefore;
  }

  /**
   * By turns: a little before and a little behind the place where the bytes lead if they are spread evenly over the time,
   * so that both bounds close in on it, and in the middle, because films are not even. A Cluster that has told its size is
   * first asked for its successor: often that ends the search.
   */
  #guess(): number {
    const { nextOffsetBytes: low, offsetBytes, timeSeconds, isSized } = this.#lower;
    const { offsetBytes: high, timeSeconds: highSeconds = Number.NaN } = this.#upper;
    const turn = this.#probes % 3;
    if (turn === 1 && isSized && this.#isLowerNew) return low;
    const share = (this.#timeSeconds - timeSeconds) / (highSeconds - timeSeconds);
    const middle = Math.floor((low + high) / 2);
    if (turn === 2 || !(share > 0 && share < 1)) return middle;
    const even = offsetBytes + share * (high - offsetBytes);
    const marginBytes = Math.min(isSized ? low - offsetBytes : USUAL_CLUSTER_BYTES, (high - low) / 8);
    const guess = Math.floor(turn === 0 ? even - marginBytes : even + marginBytes);
    // Where bytes and times disagree, the last byte below the upper bound would say next to nothing.
    return guess < high - 1 ? Math.max(guess, low) : middle;
  }
}
