import { ElementId } from "../matroska/element-ids.ts";
import { concatenate } from "../reader.ts";
import type { AudioGrid } from "./audio-grid.ts";

/**
 * The Matroska that a decoder gets to see: we write it, whatever the container of the torrent is. Its times are exact to the
 * microsecond, less than a sample of any rate that is played, so that what is missing between frames is told to the sample.
 */

/** Nanoseconds. */
const TIMESTAMP_SCALE = 1000;

/** The head of a Matroska stream without end, with the one audio track of the grid (RFC 9559 §5.1). */
export function envelopeHeader({ sourceRateHz, source, shape }: AudioGrid): Uint8Array {
  const { codecId, codecPrivate, bitsPerSample } = shape;
  const channels = (source.track.kind === "audio" ? source.track.channels : undefined) ?? 2;
  const audio = element(
    ElementId.audio,
    element(ElementId.samplingFrequency, float(sourceRateHz)),
    element(ElementId.channels, unsigned(channels)),
    ...(bitsPerSample === undefined ? [] : [element(WriterId.bitDepth, unsigned(bitsPerSample))]),
  );
  const track = element(
    ElementId.trackEntry,
    element(ElementId.trackNumber, unsigned(TRACK_NUMBER)),
    element(WriterId.trackUid, unsigned(TRACK_NUMBER)),
    element(ElementId.trackType, unsigned(AUDIO)),
    element(ElementId.codecId, text(codecId)),
    ...(codecPrivate.length === 0 ? [] : [element(ElementId.codecPrivate, codecPrivate)]),
    audio,
  );
  return concatenate([
    element(
      ElementId.ebmlHeader,
      element(ElementId.docType, text("matroska")),
      element(WriterId.docTypeVersion, unsigned(4)),
      element(WriterId.docTypeReadVersion, unsigned(2)),
    ),
    id(ElementId.segment),
    UNKNOWN_SIZE,
    element(
      ElementId.info,
      element(ElementId.timestampScale, unsigned(TIMESTAMP_SCALE)),
      element(WriterId.muxingApp, text(APPLICATION)),
      element(WriterId.writingApp, text(APPLICATION)),
    ),
    element(ElementId.tracks, track),
  ]);
}

/**
 * One frame in a Cluster of its own: there is nothing to wait for behind it.
 * @param timeSeconds not negative
 */
export function envelopeFrame(timeSeconds: number, data: Uint8Array): Uint8Array {
  const timestamp = Math.round((timeSeconds * 1e9) / TIMESTAMP_SCALE);
  return concatenate([
    id(ElementId.cluster),
    UNKNOWN_SIZE,
    element(WriterId.timestamp, unsigned(timestamp)),
    // RFC 9559 §10.2: track number, time relative to the cluster, flags: a keyframe.
    element(WriterId.simpleBlock, Uint8Array.of(0x80 | TRACK_NUMBER, 0, 0, 0x80), data),
  ]);
}

const TRACK_NUMBER = 1;
/** TrackType, RFC 9559 §5.1.4.1.3. */
const AUDIO = 2;
const APPLICATION = "riptide";

/** IDs that only who writes needs (RFC 8794 §11.2, RFC 9559 §5.1). */
const WriterId = {
  docTypeVersion: 0x4287,
  docTypeReadVersion: 0x4285,
  muxingApp: 0x4d80,
  writingApp: 0x5741,
  trackUid: 0x73c5,
  bitDepth: 0x6264,
  timestamp: 0xe7,
  simpleBlock: 0xa3,
} as const;

/** All ones in eight octets (RFC 8794 §6.2). */
const UNKNOWN_SIZE = Uint8Array.of(0x01, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff);

function element(elementId: number, ...content: readonly Uint8Array[]): Uint8Array {
  const lengthBytes = content.reduce((length, part) => length + part.length, 0);
  // RFC 8794 §4: four octets hold up to 2^28 - 2, more than any frame that is passed on.
  const size = unsigned(0x1000_0000 + lengthBytes).subarray(UNSIGNED_LENGTH_BYTES - 4);
  return concatenate([id(elementId), size, ...content]);
}

/** Octets without leading zeros: the length marker is part of an ID. */
function id(elementId: number): Uint8Array {
  const octets = unsigned(elementId);
  return octets.subarray(octets.findIndex((octet) => octet !== 0));
}

const UNSIGNED_LENGTH_BYTES = 8;

function unsigned(value: number): Uint8Array {
  const octets = new Uint8Array(UNSIGNED_LENGTH_BYTES);
  new DataView(octets.buffer).setBigUint64(0, BigInt(value));
  return octets;
}

function float(value: number): Uint8Array {
  const octets = new Uint8Array(8);
  new DataView(octets.buffer).setFloat64(0, value);
  return octets;
}

function text(value: string): Uint8Array {
  return new TextEncoder().encode(value);
}
