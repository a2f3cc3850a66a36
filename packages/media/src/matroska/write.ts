import { concatenate } from "../reader.ts";
import { ElementId } from "./element-ids.ts";

/** A track as a decoder has to be told of it (RFC 9559 §5.1.4, Matroska Codec Specifications). */
export interface WrittenTrack {
  /** From 1 to 126: blocks have it in one octet (RFC 9559 §10.1). */
  readonly number: number;
  readonly codecId: string;
  /** Empty if there is none. */
  readonly codecPrivate: Uint8Array;
  readonly format: WrittenPicture | WrittenSound;
}

interface WrittenPicture {
  readonly kind: "video";
  readonly widthPixels: number;
  readonly heightPixels: number;
  readonly frameSeconds?: number | undefined;
}

interface WrittenSound {
  readonly kind: "audio";
  readonly sampleRateHz: number;
  readonly channels: number;
  readonly bitsPerSample?: number | undefined;
}

export interface WrittenBlock {
  readonly trackNumber: number;
  /** Not negative. */
  readonly timeSeconds: number;
  readonly isKeyframe: boolean;
  readonly data: Uint8Array;
}

/**
 * Nanoseconds. Times are exact to the microsecond, less than a sample of any rate that is played, so that what is missing between
 * frames is told to the sample.
 */
const TIMESTAMP_SCALE = 1000;

/** The head of a Matroska stream without end (RFC 9559 §5.1), which blocks may follow. */
export function matroskaHead(tracks: readonly WrittenTrack[]): Uint8Array {
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
    element(ElementId.tracks, ...tracks.map(trackEntry)),
  ]);
}

/** One frame in a Cluster of its own: there is nothing to wait for behind it. */
export function matroskaBlock({ trackNumber, timeSeconds, isKeyframe, data }: WrittenBlock): Uint8Array {
  const timestamp = Math.round((timeSeconds * 1e9) / TIMESTAMP_SCALE);
  return concatenate([
    id(ElementId.cluster),
    UNKNOWN_SIZE,
    element(ElementId.timestamp, unsigned(timestamp)),
    // RFC 9559 §10.2: track number, time relative to the cluster, flags.
    element(ElementId.simpleBlock, Uint8Array.of(0x80 | trackNumber, 0, 0, isKeyframe ? KEYFRAME : 0), data),
  ]);
}

const APPLICATION = "riptide";
const KEYFRAME = 0x80;
/** TrackType values, RFC 9559 §5.1.4.1.3. */
const TRACK_TYPES = { video: 1, audio: 2 } as const;

/** IDs that only who writes needs (RFC 8794 §11.2, RFC 9559 §5.1). */
const WriterId = {
  docTypeVersion: 0x4287,
  docTypeReadVersion: 0x4285,
  muxingApp: 0x4d80,
  writingApp: 0x5741,
  trackUid: 0x73c5,
  bitDepth: 0x6264,
} as const;

function trackEntry({ number, codecId, codecPrivate, format }: WrittenTrack): Uint8Array {
  return element(
    ElementId.trackEntry,
    element(ElementId.trackNumber, unsigned(number)),
    element(WriterId.trackUid, unsigned(number)),
    element(ElementId.trackType, unsigned(TRACK_TYPES[format.kind])),
    element(ElementId.codecId, text(codecId)),
    ...(codecPrivate.length === 0 ? [] : [element(ElementId.codecPrivate, codecPrivate)]),
    ...(format.kind === "video" ? pictureElements(format) : [soundElement(format)]),
  );
}

function pictureElements({ widthPixels, heightPixels, frameSeconds }: WrittenPicture): Uint8Array[] {
  const size = element(
    ElementId.video,
    element(ElementId.pixelWidth, unsigned(widthPixels)),
    element(ElementId.pixelHeight, unsigned(heightPixels)),
  );
  if (frameSeconds === undefined) return [size];
  return [element(ElementId.defaultDuration, unsigned(Math.round(frameSeconds * 1e9))), size];
}

function soundElement({ sampleRateHz, channels, bitsPerSample }: WrittenSound): Uint8Array {
  return element(
    ElementId.audio,
    element(ElementId.samplingFrequency, float(sampleRateHz)),
    element(ElementId.channels, unsigned(channels)),
    ...(bitsPerSample === undefined ? [] : [element(WriterId.bitDepth, unsigned(bitsPerSample))]),
  );
}

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
