import type { KeyIndexEntry } from "../key-index.ts";
import { type ByteSource, MediaReader } from "../reader.ts";
import { ClusterBisection, type FoundCluster, type UpperBound } from "./cluster-bisection.ts";
import { CLUSTER_HEAD_BYTES, clusterHeadAt, nextClusterId } from "./cluster-head.ts";
import type { MatroskaHeader } from "./header.ts";

/** Places looked at in one search. Films of even rate take about six; one in three halves what is left, come what may. */
const PROBES_LIMIT = 20;
/** Read at a time while looking for a Cluster. */
const READ_BYTES = 128 * 1024;
/** How far the first Cluster is looked for where the header does not lead to it. */
const FIRST_CLUSTER_LIMIT_BYTES = 4 * 1024 * 1024;
/** Clusters remembered per file: a few dozen searches' worth. */
const FOUND_CLUSTERS_LIMIT = 512;

/** Finds Clusters of one file by time where no Cues tell them, and remembers those that it came across. */
export class ClusterSearch {
  readonly #header: MatroskaHeader;
  /** By offset; the oldest first. */
  readonly #found = new Map<number, FoundCluster>();

  constructor(header: MatroskaHeader) {
    this.#header = header;
  }

  /**
   * The last Cluster that begins at or before `timeSeconds`; the first one for a time before all of them, undefined if no
   * Cluster can be found. If times leap about, or Clusters are too far apart to be told apart by a bounded number of
   * reads, some Cluster before the time.
   */
  async find(source: ByteSource, timeSeconds: number, signal: AbortSignal): Promise<KeyIndexEntry | undefined> {
    const reader = new MediaReader(source, { signal });
    const first = await this.#firstCluster(reader);
    if (first === undefined) return undefined;
    const known = this.#knownBefore(first, timeSeconds);
    const search = new ClusterBisection(timeSeconds, known, this.#knownAfter(known, timeSeconds));
    for (let probe = 0; probe < PROBES_LIMIT && search.gapBytes > READ_BYTES; probe += 1) {
      const { startBytes, endBytes } = search.nextWindow();
      const cluster = await this.#firstIn(reader, startBytes, endBytes);
      if (cluster !== undefined) this.#remember(cluster);
      search.narrow(cluster);
    }
    const { lower } = await this.#finish(reader, search);
    return { timeSeconds: lower.timeSeconds, offsetBytes: lower.offsetBytes };
  }

  /** What is left takes one read: there, each Cluster is looked at. */
  async #finish(reader: MediaReader, search: ClusterBisection): Promise<ClusterBisection> {
    const { gapBytes } = search;
    const start = search.lower.nextOffsetBytes;
    for await (const cluster of clustersIn(reader, this.#header, start, start + Math.min(gapBytes, READ_BYTES))) {
      if (search.raise(cluster)) continue;
      this.#remember(cluster);
      break;
    }
    const isCertain = gapBytes <= READ_BYTES;
    this.#remember(isCertain ? { ...search.lower, nextOffsetBytes: search.upper.clusterBytes } : search.lower);
    return search;
  }

  async #firstCluster(reader: MediaReader): Promise<FoundCluster | undefined> {
    const { firstClusterOffset, segmentStart, segmentEnd } = this.#header;
    const start = firstClusterOffset ?? segmentStart;
    const known = this.#found.get(start);
    if (known !== undefined) return known;
    const first = await this.#firstIn(reader, start, Math.min(start + FIRST_CLUSTER_LIMIT_BYTES, segmentEnd));
    if (first !== undefined) this.#remember(first);
    return first;
  }

  async #firstIn(reader: MediaReader, start: number, end: number): Promise<FoundCluster | undefined> {
    for await (const cluster of clustersIn(reader, this.#header, start, end)) return cluster;
    return undefined;
  }

  #knownBefore(first: FoundCluster, timeSeconds: number): FoundCluster {
    let last = first;
    for (const cluster of this.#found.values()) {
      if (cluster.timeSeconds <= timeSeconds && cluster.offsetBytes > last.offsetBytes) last = cluster;
    }
    return last;
  }

  #knownAfter(lower: FoundCluster, timeSeconds: number): UpperBound {
    const { segmentEnd, durationSeconds } = this.#header;
    let upper: UpperBound = { offsetBytes: segmentEnd, timeSeconds: durationSeconds, clusterBytes: segmentEnd };
    for (const { offsetBytes, timeSeconds: foundSeconds } of this.#found.values()) {
      const isBetween = offsetBytes > lower.offsetBytes && offsetBytes < upper.offsetBytes;
      if (!isBetween || foundSeconds <= timeSeconds) continue;
      upper = { offsetBytes, timeSeconds: foundSeconds, clusterBytes: offsetBytes };
    }
    return upper;
  }

  #remember(cluster: FoundCluster): void {
    const known = this.#found.get(cluster.offsetBytes);
    if (known !== undefined && known.nextOffsetBytes >= cluster.nextOffsetBytes) return;
    this.#found.set(cluster.offsetBytes, cluster);
    const [oldest = cluster.offsetBytes] = this.#found.keys();
    if (this.#found.size > FOUND_CLUSTERS_LIMIT) this.#found.delete(oldest);
  }
}

/** The Clusters that start in `[start, end)`, as far as they do not claim to lie in one another. */
export async function* clustersIn(
  reader: MediaReader,
  header: MatroskaHeader,
  start: number,
  end: number,
): AsyncGenerator<FoundCluster, void> {
  let fromBytes = start;
  for (let readFrom = start; readFrom < end; readFrom += READ_BYTES) {
    const lengthBytes = Math.min(READ_BYTES, end - readFrom);
    // What starts in the last byte is read beyond it.
    const bytes = await reader.bytes(readFrom, lengthBytes + CLUSTER_HEAD_BYTES);
    for (let at = nextClusterId(bytes, 0); at < lengthBytes; at = nextClusterId(bytes, at + 1)) {
      const head = readFrom + at < fromBytes ? undefined : clusterHeadAt(bytes, at);
      if (head === undefined) continue;
      const offsetBytes = readFrom + at;
      const isSized = Number.isFinite(head.contentLengthBytes);
      fromBytes = offsetBytes + head.headerLengthBytes + (isSized ? head.contentLengthBytes : 0);
      const timeSeconds = (head.timestampTicks * header.timestampScaleNanoseconds) / 1e9;
      yield { offsetBytes, timeSeconds, nextOffsetBytes: fromBytes, isSized };
    }
  }
}
