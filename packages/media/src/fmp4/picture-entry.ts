import { BitCursor } from "../codecs/bit-cursor.ts";
import { payloadBits, readUnsigned } from "../codecs/rbsp.ts";
import type { CodedTrack, Packet } from "../packet.ts";

/** Containers flag pictures that decoding can start with, and some flag others too: the pictures themselves are asked. */

/** A packet that says truly whether decoding can start with it. */
export function withTrueFlag(coded: CodedTrack, packet: Packet): Packet {
  return packet.isKeyframe && entryOf(coded, packet.data) === "none" ? { ...packet, isKeyframe: false } : packet;
}

/**
 * For packets from a place on where a film is entered: whether one can be decoded. Those in front of the first keyframe of their track
 * cannot be, nor those that are shown before it and lean on pictures in front of it (open groups of pictures).
 */
export function decodableFrom(tracks: readonly CodedTrack[]): (packet: Packet) => boolean {
  const pictures = new Map(tracks.filter(({ track }) => track.kind === "video").map((coded) => [coded.number, coded]));
  const entries = new Map<number, Packet>();
  return (packet) => {
    const coded = pictures.get(packet.trackNumber);
    if (coded === undefined) return true;
    const entry = entries.get(coded.number);
    if (entry === undefined) {
      const isEntry = withTrueFlag(coded, packet).isKeyframe;
      if (isEntry) entries.set(coded.number, packet);
      return isEntry;
    }
    if (!withTrueFlag(coded, packet).isKeyframe) return !leansOnPictureBefore(coded, packet, entry);
    // What follows another keyframe leans on nothing in front of the entry.
    pictures.delete(coded.number);
    return true;
  };
}

function leansOnPictureBefore(coded: CodedTrack, packet: Packet, entry: Packet): boolean {
  if (packet.ptsTicks >= entry.ptsTicks) return false;
  const { codec } = coded.track;
  if (codec === "h264") return entryOf(coded, entry.data) === "open";
  const slice = [...unitsUpToSlice(coded, packet.data)].at(-1);
  return slice !== undefined && isSkippedLeading(hevcType(slice));
}

/** `closed`: nothing in front of it is needed. `open`: pictures may follow that need it. Undefined: it cannot be told. */
function entryOf(coded: CodedTrack, data: Uint8Array): "closed" | "open" | "none" | undefined {
  const units = [...unitsUpToSlice(coded, data)];
  const slice = units.at(-1);
  if (slice === undefined || !isSlice(coded, slice)) return undefined;
  if (coded.track.codec === "hevc") {
    const type = hevcType(slice);
    if (type === HEVC_CLEAN_RANDOM_ACCESS) return "open";
    return isHevcRandomAccess(type) ? "closed" : "none";
  }
  if (h264Type(slice) === H264_INSTANTANEOUS_REFRESH) return "closed";
  return isIntraSlice(slice) || units.some(isRecoveryPoint) ? "open" : "none";
}

/** Parameter sets, delimiters and messages lie in front of the first slice: a picture has no more of them. */
const UNITS_MAX = 64;

/** The NAL units of a packet up to its first slice, each with a length in front (ISO/IEC 14496-15 §5.3.2). */
function* unitsUpToSlice(coded: CodedTrack, data: Uint8Array): Generator<Uint8Array, void> {
  const { track, configuration } = coded;
  if (track.codec !== "hevc" && track.codec !== "h264") return;
  const lengthSize = ((configuration[track.codec === "hevc" ? 21 : 4] ?? 3) & 3) + 1;
  let position = 0;
  for (let count = 0; count < UNITS_MAX && position + lengthSize < data.length; count += 1) {
    let length = 0;
    for (const byte of data.subarray(position, position + lengthSize)) length = length * 256 + byte;
    const unit = data.subarray(position + lengthSize, position + lengthSize + length);
    position += lengthSize + length;
    if (unit.length === 0) continue;
    yield unit;
    if (isSlice(coded, unit)) return;
  }
}

function isSlice({ track }: CodedTrack, unit: Uint8Array): boolean {
  return track.codec === "hevc" ? hevcType(unit) < 32 : isH264Slice(h264Type(unit));
}

/** ITU-T H.265 §7.3.1.2 and table 7-1. */
function hevcType(unit: Uint8Array): number {
  return ((unit[0] ?? 0) >> 1) & 0x3f;
}

const HEVC_CLEAN_RANDOM_ACCESS = 21;

function isHevcRandomAccess(type: number): boolean {
  return type >= 16 && type <= 23;
}

/** RASL_N and RASL_R: leading pictures that cannot be decoded if decoding starts with the picture that they lead to. */
function isSkippedLeading(type: number): boolean {
  return type === 8 || type === 9;
}

const H264_INSTANTANEOUS_REFRESH = 5;

/** ITU-T H.264 table 7-1. */
function h264Type(unit: Uint8Array): number {
  return (unit[0] ?? 0) & 0x1f;
}

/** A slice, or its first partition. */
function isH264Slice(type: number): boolean {
  return type === 1 || type === 2 || type === H264_INSTANTANEOUS_REFRESH;
}

/** Enough for the start of a header that is not longer than two numbers of 32 bits. */
const SLICE_HEAD_BYTES = 16;

/** ITU-T H.264 §7.3.3: first_mb_in_slice, slice_type; I and SI, 5 more where all slices of the picture are alike (table 7-6). */
function isIntraSlice(slice: Uint8Array): boolean {
  const bits = new BitCursor(slice.subarray(1, 1 + SLICE_HEAD_BYTES));
  readUnsigned(bits);
  const type = readUnsigned(bits) % 5;
  return type === 2 || type === 4;
}

const H264_MESSAGES = 6;
const RECOVERY_POINT = 6;
/** Messages in a unit that are looked at, and the octets of a number that are. */
const MESSAGES_MAX = 16;
const NUMBER_MAX_OCTETS = 16;

/**
 * Whether a unit says that pictures become right from here on (ITU-T H.264 §D.1.8), as in films that are refreshed column by column
 * and have no picture of which all is new. sei_message (§7.3.2.3.1): type and size, each in octets that add up, up to one below 255.
 */
function isRecoveryPoint(unit: Uint8Array): boolean {
  if (h264Type(unit) !== H264_MESSAGES) return false;
  const bits = payloadBits(unit, 1);
  const number = (): number => {
    let sum = 0;
    for (let count = 0; count < NUMBER_MAX_OCTETS; count += 1) {
      const octet = bits.read(8);
      sum += octet;
      if (octet < 255) break;
    }
    return sum;
  };
  for (let count = 0; count < MESSAGES_MAX; count += 1) {
    if (number() === RECOVERY_POINT) return true;
    bits.skip(8 * number());
  }
  return false;
}
