import type { Demuxer } from "../demuxer.ts";
import type { KeyIndexEntry } from "../key-index.ts";
import type { CodedTrack } from "../packet.ts";
import { type ByteSource, MediaReader } from "../reader.ts";
import { ReaderStream } from "../reader-stream.ts";
import { type ClusterSearch, clustersIn } from "./find-cluster.ts";
import type { MatroskaHeader } from "./header.ts";

/** How far around a time keyframes are looked for: a group of pictures of ten seconds at 13 Mb/s. */
const SEARCH_LIMIT_BYTES = 16 * 1024 * 1024;
/** How far back the first step goes; each further one goes twice as far, so few reads too many are made. */
const FIRST_STEP_SECONDS = 1;
/** Pictures may be stored later than others that are shown after them, but not by so much. */
const REORDERED_SECONDS = 1;

export interface SearchedFilm {
  readonly source: ByteSource;
  readonly header: MatroskaHeader;
  readonly demuxer: Pick<Demuxer, "tracks" | "packets">;
  readonly clusters: ClusterSearch;
}

/**
 * The last Cluster with a keyframe that is shown at or before `timeSeconds`. Most muxers begin Clusters with keyframes, but
 * those that write into a pipe begin one every second or so, wherever the keyframes are. If there is none within a bounded
 * stretch, or no picture, the last Cluster that begins at or before the time; undefined if no Cluster can be found.
 */
export async function findKeyCluster(
  film: SearchedFilm,
  timeSeconds: number,
  options: { readonly signal: AbortSignal },
): Promise<KeyIndexEntry | undefined> {
  const { source, header, demuxer, clusters } = film;
  const last = await clusters.find(source, timeSeconds, options.signal);
  const picture = demuxer.tracks.find(({ track }) => track.kind === "video");
  if (last === undefined || picture === undefined) return last;
  const search = new KeyframeSearch(film, { picture, timeSeconds, reader: new MediaReader(source, options) });
  const end = Math.min(last.offsetBytes + SEARCH_LIMIT_BYTES, header.segmentEnd);
  if (await search.isKeyframeIn(last.offsetBytes, end)) return last;
  const lowest = last.offsetBytes - SEARCH_LIMIT_BYTES;
  for (let from = last, stepSeconds = FIRST_STEP_SECONDS; from.offsetBytes > lowest; stepSeconds *= 2) {
    const earlier = await clusters.find(source, from.timeSeconds - stepSeconds, options.signal);
    if (earlier === undefined || earlier.offsetBytes >= from.offsetBytes) break;
    const found = await search.lastIn(Math.max(earlier.offsetBytes, lowest), from.offsetBytes);
    if (found !== undefined) return found;
    from = earlier;
  }
  return last;
}

interface WantedKeyframe {
  readonly picture: CodedTrack;
  readonly timeSeconds: number;
  readonly reader: MediaReader;
}

class KeyframeSearch {
  readonly #film: SearchedFilm;
  readonly #wanted: WantedKeyframe;

  constructor(film: SearchedFilm, wanted: WantedKeyframe) {
    this.#film = film;
    this.#wanted = wanted;
  }

  /** Of the Clusters that start in `[start, end)`, the last with a keyframe at or before the time. */
  async lastIn(start: number, end: number): Promise<KeyIndexEntry | undefined> {
    const found: KeyIndexEntry[] = [];
    for await (const { timeSeconds, offsetBytes } of clustersIn(this.#wanted.reader, this.#film.header, start, end)) {
      found.push({ timeSeconds, offsetBytes });
    }
    let endBytes = end;
    for (const cluster of found.reverse()) {
      if (await this.isKeyframeIn(cluster.offsetBytes, endBytes)) return cluster;
      endBytes = cluster.offsetBytes;
    }
    return undefined;
  }

  /** Whether the first keyframe of `[start, end)` is shown at or before the time. Reads little more than up to there. */
  async isKeyframeIn(start: number, end: number): Promise<boolean> {
    const { picture, timeSeconds, reader } = this.#wanted;
    const packets = this.#film.demuxer.packets({
      stretch: { from: { timeSeconds, offsetBytes: start }, to: { timeSeconds, offsetBytes: end } },
      tracks: new Set([picture.number]),
      open: () => new ReaderStream(reader, { start, end }),
    });
    for await (const batch of packets) {
      for (const { ptsTicks, isKeyframe } of batch) {
        const shownSeconds = ptsTicks / picture.timescale;
        if (isKeyframe || shownSeconds > timeSeconds + REORDERED_SECONDS) return shownSeconds <= timeSeconds;
      }
    }
    return false;
  }
}
