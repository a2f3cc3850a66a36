import { type ByteRange, byteRange } from "@riptide/core";
import { damagedMedia } from "../damaged.ts";
import type { Demuxer, FramesBeforeRequest, PacketRequest, Stretch, WalkedPlace } from "../demuxer.ts";
import type { KeyIndex, KeyIndexEntry } from "../key-index.ts";
import type { CodedTrack, Packet } from "../packet.ts";
import { type ByteSource, MediaReader } from "../reader.ts";
import { SNIFF_LENGTH_BYTES, sniffContainer } from "../sniff.ts";
import { StreamCursor } from "../stream-cursor.ts";
import { positive } from "../track-list.ts";
import { type WalkedTrack, walkedTrackOf } from "./block-packets.ts";
import { ClusterPlaces } from "./cluster-places.ts";
import { ClusterWalk } from "./cluster-walk.ts";
import { codedTrackOf } from "./coded-track.ts";
import { decodeFrame } from "./content-encoding.ts";
import { isClusterAt, readCues } from "./cues.ts";
import { ClusterSearch } from "./find-cluster.ts";
import { findKeyCluster } from "./find-key-cluster.ts";
import { type MatroskaHeader, readMatroskaHeader } from "./header.ts";
import { blocksBefore } from "./tail-frames.ts";

/** Bytes in front of an entry that are searched for frames at most: some seconds of a film of high rate. */
const FRAMES_BEFORE_LIMIT_BYTES = 4 * 1024 * 1024;

/**
 * Opens a Matroska or WebM file: reads what stands in front of its first Cluster, the first 16 KiB in most files. Tracks
 * whose frames cannot be read (encrypted ones) are left out, and so are those that share their number with an earlier one.
 *
 * Rejects with `MediaError` `damaged_media` if the header cannot be read or belongs to another container, with the
 * signal's reason once that is aborted, and with whatever `source.readAt` rejects with.
 */
export async function openMatroska(
  source: ByteSource,
  options: { readonly signal: AbortSignal },
): Promise<MatroskaDemuxer> {
  const reader = new MediaReader(source, options);
  const container = sniffContainer(await reader.bytes(0, SNIFF_LENGTH_BYTES));
  if (container !== "matroska" && container !== "webm") throw damagedMedia("it does not begin as Matroska files do");
  return new MatroskaDemuxer(source, container, await readMatroskaHeader(reader));
}

/** The `Demuxer` of Matroska and WebM, made by `openMatroska`. */
export class MatroskaDemuxer implements Demuxer {
  readonly container: "matroska" | "webm";
  readonly durationSeconds: number | undefined;
  readonly tracks: readonly CodedTrack[];
  readonly headEndBytes: number;
  /** Remembers what it has found so far. */
  readonly clusters: ClusterSearch;
  readonly #source: ByteSource;
  readonly #header: MatroskaHeader;
  readonly #tracks: ReadonlyMap<number, WalkedTrack>;
  #keyIndex: { readonly entries: KeyIndex | undefined } | undefined;

  constructor(source: ByteSource, container: "matroska" | "webm", header: MatroskaHeader) {
    this.#source = source;
    this.#header = header;
    this.#tracks = walkedTracks(header);
    this.container = container;
    this.durationSeconds = positive(header.durationSeconds);
    this.tracks = [...this.#tracks.values()].map(({ coded }) => coded);
    this.headEndBytes = header.firstClusterOffset ?? header.segmentStart;
    this.clusters = new ClusterSearch(header);
  }

  async keyIndex(options: { readonly signal: AbortSignal }): Promise<KeyIndex | undefined> {
    this.#keyIndex ??= { entries: await readCues(new MediaReader(this.#source, options), this.#header) };
    return this.#keyIndex.entries;
  }

  /**
   * The Cues may lie, by damage or on purpose: a Cluster is where they say, or they are not used. Whoever enters at a Cluster
   * may meet pictures in front of its first keyframe.
   */
  async findEntry(
    timeSeconds: number,
    listed: KeyIndexEntry | undefined,
    options: { readonly signal: AbortSignal },
  ): Promise<KeyIndexEntry | undefined> {
    const source = this.#source;
    if (listed !== undefined && (await isClusterAt(source, listed.offsetBytes, options))) return listed;
    const film = { source, header: this.#header, demuxer: this, clusters: this.clusters };
    return findKeyCluster(film, timeSeconds, options);
  }

  async *walkPlaces(from: KeyIndexEntry | undefined, open: PacketRequest["open"]): AsyncGenerator<WalkedPlace, void> {
    const range = this.#rangeOf({ from, to: undefined }) ?? byteRange(this.headEndBytes, this.headEndBytes);
    const places = new ClusterPlaces(this.tracks);
    const tracks = new Map([...this.#tracks].filter(([number]) => places.trackNumbers.has(number)));
    const cursor = new StreamCursor(open([range]));
    const walk = new ClusterWalk(cursor, range.end, tracks, (offsetBytes) => {
      places.push(walk.takePackets());
      places.enter(offsetBytes);
    });
    for (let isOpen = true; isOpen; ) {
      const neededBytes = walk.run();
      places.push(walk.takePackets());
      yield* places.take();
      isOpen = neededBytes > 0 && (await cursor.fill(neededBytes));
    }
    places.finish(range.end);
    yield* places.take();
  }

  async *packets(request: PacketRequest): AsyncGenerator<readonly Packet[], void> {
    const range = this.#rangeOf(request.stretch);
    if (range === undefined) return;
    const tracks = new Map([...this.#tracks].filter(([number]) => request.tracks.has(number)));
    const isPacked = [...tracks.values()].some(({ encoding }) => encoding.kind === "zlib");
    const cursor = new StreamCursor(request.open([range]));
    const walk = new ClusterWalk(cursor, range.end, tracks);
    for (let isOpen = true; isOpen; ) {
      const neededBytes = walk.run();
      const packets = walk.takePackets();
      if (isPacked) yield* unpacked(packets, tracks);
      else if (packets.length > 0) yield packets;
      isOpen = neededBytes > 0 && (await cursor.fill(neededBytes));
    }
  }

  async framesBefore(entry: KeyIndexEntry, request: FramesBeforeRequest): Promise<readonly Uint8Array[]> {
    const track = this.#tracks.get(request.track);
    const end = Math.min(entry.offsetBytes, this.#header.segmentEnd);
    const lengthBytes = Math.min(request.lengthBytes, FRAMES_BEFORE_LIMIT_BYTES, end - this.headEndBytes);
    if (track === undefined || lengthBytes <= 0) return [];
    const cursor = new StreamCursor(request.open([byteRange(end - lengthBytes, end)]));
    if (!(await cursor.fill(lengthBytes))) return [];
    const numbers = new Set(this.#header.tracks.map(({ number }) => number));
    const blocks = blocksBefore(cursor.bytes.subarray(cursor.position, cursor.position + lengthBytes), numbers);
    const frames: Uint8Array[] = [];
    for (const block of blocks.filter(({ trackNumber }) => trackNumber === request.track)) {
      for (const stored of block.frames) {
        const frame = await decodeFrame(stored, track.encoding);
        if (frame !== undefined) frames.push(frame);
      }
    }
    return frames;
  }

  #rangeOf({ from, to }: Stretch): ByteRange | undefined {
    const start = from?.offsetBytes ?? this.headEndBytes;
    const end = Math.min(to?.offsetBytes ?? this.#header.segmentEnd, this.#header.segmentEnd);
    return start < end ? byteRange(start, end) : undefined;
  }
}

function walkedTracks(header: MatroskaHeader): ReadonlyMap<number, WalkedTrack> {
  const tracks = new Map<number, WalkedTrack>();
  for (const track of header.tracks) {
    if (track.number === 0 || tracks.has(track.number) || track.encoding.kind === "unreadable") continue;
    tracks.set(track.number, walkedTrackOf(codedTrackOf(track), track, header.timestampScaleNanoseconds));
  }
  return tracks;
}

/** Packets whose data was compressed, as their codec wants them. Each ends a batch: a few bytes may become millions. */
async function* unpacked(
  packets: readonly Packet[],
  tracks: ReadonlyMap<number, WalkedTrack>,
): AsyncGenerator<readonly Packet[], void> {
  let batch: Packet[] = [];
  for (const packet of packets) {
    const encoding = tracks.get(packet.trackNumber)?.encoding;
    if (encoding?.kind !== "zlib") {
      batch.push(packet);
      continue;
    }
    const data = await decodeFrame(packet.data, encoding);
    if (data !== undefined) batch.push({ ...packet, data });
    if (batch.length > 0) yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}
