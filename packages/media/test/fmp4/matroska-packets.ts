import type { CodedTrack, Packet, Track } from "../../src/index.ts";
import { elementHeaderAt, elementsOf, fieldsOf, unsignedInteger } from "../../src/matroska/ebml.ts";
import { ElementId } from "../../src/matroska/element-ids.ts";
import { parseTracks } from "../../src/matroska/tracks.ts";

/** Elements of clusters, RFC 9559 §5.1.3, and two of tracks. */
const TIMESTAMP = 0xe7;
const SIMPLE_BLOCK = 0xa3;
const BLOCK_GROUP = 0xa0;
const BLOCK = 0xa1;
const REFERENCE_BLOCK = 0xfb;
const CODEC_DELAY = 0x56aa;

export interface Source {
  readonly tracks: readonly CodedTrack[];
  readonly packets: readonly Packet[];
}

/** Reads a Matroska file of ffmpeg's: no lacing, no encodings, times in milliseconds. */
export function readMatroska(file: Uint8Array): Source {
  const segment = contentOf(file, ElementId.segment);
  const tracks = codedTracks(contentOf(segment, ElementId.tracks));
  const packets = [...elementsOf(segment, 1e6)]
    .filter(({ id }) => id === ElementId.cluster)
    .flatMap(({ content }) => [...clusterPackets(content, tracks)]);
  return { tracks: tracks.map(({ coded }) => coded), packets };
}

interface ReadTrack {
  readonly coded: CodedTrack;
  readonly delayNanoseconds: number;
}

function contentOf(bytes: Uint8Array, id: number): Uint8Array {
  for (let position = 0; ; ) {
    const header = elementHeaderAt(bytes, position)!;
    const start = position + header.headerLengthBytes;
    if (header.id === id) return bytes.subarray(start, start + header.contentLengthBytes);
    position = start + header.contentLengthBytes;
  }
}

function codedTracks(content: Uint8Array): ReadTrack[] {
  const fields = new Map(
    [...elementsOf(content)]
      .map((entry) => fieldsOf(entry.content))
      .map((entry) => [unsignedInteger(entry.get(ElementId.trackNumber)) ?? 0, entry]),
  );
  return parseTracks(content).map(({ number, track }) => {
    const entry = fields.get(number)!;
    const timescale = track.kind === "audio" ? (track.sampleRateHz ?? 48_000) : 90_000;
    const nanoseconds = unsignedInteger(entry.get(ElementId.defaultDuration));
    const ofContainer = track.kind === "video" && nanoseconds ? Math.round((nanoseconds * timescale) / 1e9) : undefined;
    const coded = {
      number,
      track,
      timescale: track.codec === "opus" ? 48_000 : timescale,
      configuration: hasConfiguration(track)
        ? (entry.get(ElementId.codecPrivate) ?? new Uint8Array(0))
        : new Uint8Array(0),
      packetTicks: track.codec === "aac" ? 1024 : ofContainer,
    };
    return { coded, delayNanoseconds: unsignedInteger(entry.get(CODEC_DELAY)) ?? 0 };
  });
}

function hasConfiguration({ codec }: Track): boolean {
  return !["vp9", "vp8", "ac3", "eac3", "mp3"].includes(codec);
}

function* clusterPackets(cluster: Uint8Array, tracks: readonly ReadTrack[]): Generator<Packet> {
  let clusterMilliseconds = 0;
  for (const { id, content } of elementsOf(cluster, 1e6)) {
    if (id === TIMESTAMP) clusterMilliseconds = unsignedInteger(content) ?? 0;
    const fields = id === BLOCK_GROUP ? fieldsOf(content) : undefined;
    const block = id === SIMPLE_BLOCK ? content : fields?.get(BLOCK);
    if (block === undefined) continue;
    const track = tracks.find(({ coded }) => coded.number === (block[0] ?? 0) - 0x80)!;
    const milliseconds = clusterMilliseconds + (((block[1] ?? 0) << 24) | ((block[2] ?? 0) << 16)) / 65_536;
    const seconds = milliseconds / 1000 - track.delayNanoseconds / 1e9;
    yield {
      trackNumber: track.coded.number,
      ptsTicks: Math.round(seconds * track.coded.timescale),
      dtsTicks: undefined,
      durationTicks: undefined,
      isKeyframe: fields === undefined ? ((block[3] ?? 0) & 0x80) !== 0 : !fields.has(REFERENCE_BLOCK),
      data: block.subarray(4),
    };
  }
}
