import type { ChromaSubsampling, VideoColour } from "../media-info.ts";
import { BitCursor } from "./bit-cursor.ts";
import { colourOf } from "./colour.ts";

/** What an AV1CodecConfigurationRecord tells of the pictures. */
export interface Av1Parameters {
  readonly profile: number;
  /** seq_level_idx. */
  readonly levelIndex: number;
  readonly isHighTier: boolean;
  readonly bitDepth: number;
  readonly chromaSubsampling: ChromaSubsampling | undefined;
  /** Undefined if the record holds no sequence header, or that says nothing. */
  readonly colour: VideoColour | undefined;
}

/** Parses the content of an `av1C` (AV1 Codec ISO Media File Format Binding §2.3.3); undefined if it is none. */
export function av1Parameters(record: Uint8Array): Av1Parameters | undefined {
  if (record.length < RECORD_HEADER_BYTES || record[0] !== 0x81) return undefined;
  const bits = new BitCursor(record).skip(8);
  const profile = bits.read(3);
  const levelIndex = bits.read(5);
  const isHighTier = bits.read(1) === 1;
  const isHighBitDepth = bits.read(1) === 1;
  const isTwelveBit = bits.read(1) === 1;
  const isMonochrome = bits.read(1) === 1;
  const isHalfWidth = bits.read(1);
  const isHalfHeight = bits.read(1);
  const header = sequenceHeader(record.subarray(RECORD_HEADER_BYTES));
  return {
    profile,
    levelIndex,
    isHighTier,
    bitDepth: isHighBitDepth ? (profile === 2 && isTwelveBit ? 12 : 10) : 8,
    chromaSubsampling: isMonochrome ? "4:0:0" : CHROMA[2 * isHalfWidth + isHalfHeight],
    colour: header && readSequenceColour(header),
  };
}

const RECORD_HEADER_BYTES = 4;
/** By subsampling_x and subsampling_y; height alone cannot be halved. */
const CHROMA = ["4:4:4", undefined, "4:2:2", "4:2:0"] as const;

const SEQUENCE_HEADER = 1;
/** configOBUs holds one sequence header and perhaps metadata. */
const UNITS_LIMIT = 16;

/** The payload of the sequence header OBU (AV1 Bitstream & Decoding Process Specification §5.3) among some. */
function sequenceHeader(units: Uint8Array): Uint8Array | undefined {
  let position = 0;
  for (let count = 0; count < UNITS_LIMIT && position < units.length; count += 1) {
    const header = units[position] ?? 0;
    const hasExtension = (header & 4) !== 0;
    const hasSize = (header & 2) !== 0;
    position += hasExtension ? 2 : 1;
    const size = hasSize ? variableLength(units, position) : { value: units.length - position, lengthBytes: 0 };
    position += size.lengthBytes;
    if (((header >> 3) & 15) === SEQUENCE_HEADER) return units.subarray(position, position + size.value);
    position += size.value;
  }
  return undefined;
}

/** leb128 (§4.10.5), as far as sizes go. */
function variableLength(bytes: Uint8Array, start: number): { value: number; lengthBytes: number } {
  let value = 0;
  for (let index = 0; index < 4; index += 1) {
    const byte = bytes[start + index] ?? 0;
    value += (byte & 0x7f) * 128 ** index;
    if ((byte & 0x80) === 0) return { value, lengthBytes: index + 1 };
  }
  return { value, lengthBytes: 4 };
}

/** sequence_header_obu (§5.5.1) up to color_config (§5.5.2). */
function readSequenceColour(header: Uint8Array): VideoColour | undefined {
  const bits = new BitCursor(header);
  const profile = bits.read(3);
  const isReduced = bits.skip(1).read(1) === 1;
  if (isReduced) bits.skip(5);
  else skipOperatingPoints(bits);
  const widthBits = bits.read(4) + 1;
  const heightBits = bits.read(4) + 1;
  bits.skip(widthBits + heightBits);
  if (!isReduced && bits.read(1) === 1) bits.skip(7);
  bits.skip(3);
  if (!isReduced) skipTools(bits);
  bits.skip(3);
  return readColour(bits, profile);
}

function skipOperatingPoints(bits: BitCursor): void {
  const delayBits = bits.read(1) === 1 ? skipTiming(bits) : undefined;
  const hasDisplayDelay = bits.read(1) === 1;
  for (let left = bits.read(5) + 1; left > 0; left -= 1) {
    const HIGHEST_LEVEL_WITHOUT_TIER = 7;
    if (bits.skip(12).read(5) > HIGHEST_LEVEL_WITHOUT_TIER) bits.skip(1);
    if (delayBits !== undefined && bits.read(1) === 1) bits.skip(2 * delayBits + 1);
    if (hasDisplayDelay && bits.read(1) === 1) bits.skip(4);
  }
}

/** timing_info and decoder_model_info; the length of the delays that follow for each operating point, if they do. */
function skipTiming(bits: BitCursor): number | undefined {
  if (bits.skip(64).read(1) === 1) skipUnsigned(bits);
  if (bits.read(1) === 0) return undefined;
  const delayBits = bits.read(5) + 1;
  bits.skip(42);
  return delayBits;
}

/** uvlc (§4.10.3). */
function skipUnsigned(bits: BitCursor): void {
  let zeros = 0;
  while (zeros < 32 && bits.read(1) === 0) zeros += 1;
  if (zeros < 32) bits.skip(zeros);
}

function skipTools(bits: BitCursor): void {
  const hasOrderHint = bits.skip(4).read(1) === 1;
  if (hasOrderHint) bits.skip(2);
  const mayUseScreenTools = bits.read(1) === 1 || bits.read(1) === 1;
  if (mayUseScreenTools && bits.read(1) === 0) bits.skip(1);
  if (hasOrderHint) bits.skip(3);
}

function readColour(bits: BitCursor, profile: number): VideoColour | undefined {
  const isHighBitDepth = bits.read(1) === 1;
  if (profile === 2 && isHighBitDepth) bits.skip(1);
  if (profile !== 1) bits.skip(1);
  const codes =
    bits.read(1) === 1 ? { primaries: bits.read(8), transfer: bits.read(8), matrix: bits.read(8) } : undefined;
  const isSrgb = codes?.primaries === 1 && codes.transfer === 13 && codes.matrix === 0;
  return colourOf({ ...codes, isFullRange: isSrgb || bits.read(1) === 1 });
}
