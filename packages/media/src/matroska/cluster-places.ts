import type { WalkedPlace } from "../demuxer.ts";
import type { CodedTrack, Packet } from "../packet.ts";

/** The Cluster that is being read. */
interface OpenCluster {
  readonly offsetBytes: number;
  /** When its first packet of any kind plays. */
  firstSeconds: number | undefined;
  /** Of its pictures. */
  lowestSeconds: number;
  highestSeconds: number;
  /** When its last packet ends. */
  endSeconds: number;
  /** Whether its place has been told: at its first picture, if that is a keyframe. */
  isTold: boolean;
}

/**
 * Tells of each Cluster whether a stretch of the film may begin with it, from its packets of the first picture and the first
 * sound. A keyframe counts if it is the first picture of its Cluster. Without a picture, decoding can start with any sound.
 */
export class ClusterPlaces {
  readonly trackNumbers: ReadonlySet<number>;
  readonly #tracks: ReadonlyMap<number, CodedTrack>;
  readonly #pictureNumber: number | undefined;
  #cluster: OpenCluster | undefined;
  /** When the last picture is shown, and the last packet ends, of the Clusters since the last one that may begin a stretch. */
  #shownSeconds = Number.NEGATIVE_INFINITY;
  #endSeconds = 0;
  #places: WalkedPlace[] = [];

  constructor(tracks: readonly CodedTrack[]) {
    const picture = tracks.find(({ track }) => track.kind === "video");
    const sound = tracks.find(({ track }) => track.kind === "audio");
    this.#pictureNumber = picture?.number ?? sound?.number;
    this.#tracks = new Map([picture, sound].flatMap((track) => (track === undefined ? [] : [[track.number, track]])));
    this.trackNumbers = new Set(this.#tracks.keys());
  }

  /** A Cluster starts. */
  enter(offsetBytes: number): void {
    this.#leave();
    this.#cluster = {
      offsetBytes,
      firstSeconds: undefined,
      lowestSeconds: Number.POSITIVE_INFINITY,
      highestSeconds: Number.NEGATIVE_INFINITY,
      endSeconds: 0,
      isTold: false,
    };
  }

  /** Takes the next packets of the Cluster. Those that lie in none are left out, as the walk does. */
  push(packets: readonly Packet[]): void {
    for (const packet of packets) {
      const track = this.#tracks.get(packet.trackNumber);
      if (track !== undefined && this.#cluster !== undefined) this.#look(packet, track, this.#cluster);
    }
  }

  /** The film ends at a byte. */
  finish(offsetBytes: number): void {
    this.#leave();
    this.#places.push({ kind: "end", timeSeconds: this.#endSeconds, offsetBytes });
  }

  /** What has become certain since the last call. */
  take(): readonly WalkedPlace[] {
    const places = this.#places;
    this.#places = [];
    return places;
  }

  #look({ trackNumber, ptsTicks, durationTicks, isKeyframe }: Packet, track: CodedTrack, cluster: OpenCluster): void {
    const seconds = ptsTicks / track.timescale;
    const lastsTicks = durationTicks ?? track.packetTicks ?? 0;
    cluster.firstSeconds ??= seconds;
    cluster.endSeconds = Math.max(cluster.endSeconds, (ptsTicks + lastsTicks) / track.timescale);
    if (trackNumber !== this.#pictureNumber) return;
    const isFirst = cluster.lowestSeconds === Number.POSITIVE_INFINITY;
    cluster.lowestSeconds = Math.min(cluster.lowestSeconds, seconds);
    cluster.highestSeconds = Math.max(cluster.highestSeconds, seconds);
    if (isFirst && isKeyframe) this.#tell("keyframe", seconds, cluster);
  }

  /** Who goes on from a place knows nothing of what lies in front of it, and must not need to. */
  #tell(kind: "keyframe" | "clean" | "passed", timeSeconds: number, cluster: OpenCluster): void {
    this.#places.push({ kind, timeSeconds, offsetBytes: cluster.offsetBytes });
    cluster.isTold = true;
    if (kind === "passed") return;
    this.#shownSeconds = Number.NEGATIVE_INFINITY;
    this.#endSeconds = 0;
  }

  #leave(): void {
    const cluster = this.#cluster;
    if (cluster?.firstSeconds === undefined) return;
    const startSeconds = Number.isFinite(cluster.lowestSeconds) ? cluster.lowestSeconds : cluster.firstSeconds;
    if (!cluster.isTold) this.#tell(startSeconds > this.#shownSeconds ? "clean" : "passed", startSeconds, cluster);
    this.#shownSeconds = Math.max(this.#shownSeconds, cluster.highestSeconds);
    this.#endSeconds = Math.max(this.#endSeconds, cluster.endSeconds);
  }
}
