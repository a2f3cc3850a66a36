import type { ChromaSubsampling } from "../media-info.ts";
import type { BitCursor } from "./bit-cursor.ts";
import { payloadBits, readSigned, readUnsigned } from "./rbsp.ts";
import { readUsability, type VideoUsability } from "./usability.ts";

/** What a parameter set says of the pictures. */
export interface PictureParameters extends VideoUsability {
  readonly widthPixels: number;
  readonly heightPixels: number;
  /** How many pictures may precede a picture in decoding order and follow it in output order, at most. */
  readonly reorderDepth: number;
  /** Of luma. */
  readonly bitDepth: number;
  readonly chromaSubsampling: ChromaSubsampling | undefined;
}

/** By chroma_format_idc, which H.264 and HEVC share (ITU-T H.264 table 6-1). */
export const CHROMA_FORMATS: readonly ChromaSubsampling[] = ["4:0:0", "4:2:0", "4:2:2", "4:4:4"];

/** What is assumed where a stream does not say: more than the encoders in use do that leave it out. */
export const FALLBACK_REORDER_DEPTH = 4;

/** MaxDpbFrames never exceeds it (ITU-T H.264 §A.3.1). */
export const REORDER_DEPTH_LIMIT = 16;

/** Reads the first sequence parameter set of an AVCDecoderConfigurationRecord; undefined if it holds none. */
export function h264Parameters(record: Uint8Array): PictureParameters | undefined {
  // ISO/IEC 14496-15 §5.3.3.1: five bytes, the number of sets in five bits, then a length before each.
  const count = (record[5] ?? 0) & 0x1f;
  const lengthBytes = ((record[6] ?? 0) << 8) | (record[7] ?? 0);
  const set = record.subarray(8, 8 + lengthBytes);
  return count === 0 || set.length < 4 || set.length < lengthBytes ? undefined : parseSequenceSet(set).picture;
}

/** What a sequence parameter set says. */
export interface SequenceSet {
  readonly picture: PictureParameters;
  /** What a decoder configuration record repeats. */
  readonly samples: SampleFormat;
}

/** How the samples of a picture are coded. */
export interface SampleFormat {
  /** chroma_format_idc. */
  readonly chromaFormat: number;
  /** Bits of a sample beyond eight. */
  readonly extraLumaBits: number;
  readonly extraChromaBits: number;
}

/** seq_parameter_set_data (ITU-T H.264 §7.3.2.1.1), with the header of its NAL unit. */
export function parseSequenceSet(set: Uint8Array): SequenceSet {
  const bits = payloadBits(set, 1);
  const profile = bits.read(8);
  const isIntraOnly = (bits.read(8) & 0x10) !== 0 && INTRA_PROFILES.has(profile);
  const level = bits.read(8);
  readUnsigned(bits);
  const samples = HIGH_H264_PROFILES.has(profile) ? readHighProfileFields(bits) : PLAIN_SAMPLES;
  readUnsigned(bits);
  const orderCountType = readOrderCountType(bits);
  const referenceFrames = readUnsigned(bits);
  bits.skip(1);
  const widthBlocks = readUnsigned(bits) + 1;
  const mapHeightBlocks = readUnsigned(bits) + 1;
  const isFramesOnly = bits.read(1);
  const heightBlocks = mapHeightBlocks * (2 - isFramesOnly);
  bits.skip(isFramesOnly === 1 ? 1 : 2);
  const crop = readCrop(bits, samples.chromaFormat, isFramesOnly);
  const hasUsability = bits.read(1) === 1;
  const { pixelAspectRatio, colour } = hasUsability ? readUsability(bits) : NO_USABILITY;
  const told = hasUsability ? readReorderFrames(bits) : undefined;
  const isNeverReordered = profile === BASELINE || orderCountType === 2 || referenceFrames === 0 || isIntraOnly;
  const guessed = isNeverReordered
    ? 0
    : Math.min(FALLBACK_REORDER_DEPTH, pictureBufferFrames(level, widthBlocks * heightBlocks));
  const picture = {
    widthPixels: Math.max(0, widthBlocks * 16 - crop.widthPixels),
    heightPixels: Math.max(0, heightBlocks * 16 - crop.heightPixels),
    reorderDepth: Math.min(told ?? guessed, REORDER_DEPTH_LIMIT),
    bitDepth: bitDepthOf(samples),
    chromaSubsampling: CHROMA_FORMATS[samples.chromaFormat],
    pixelAspectRatio,
    colour,
  };
  return { picture, samples };
}

const NO_USABILITY: VideoUsability = { pixelAspectRatio: undefined, colour: undefined };

const BASELINE = 66;

/** 4:2:0 in eight bits. */
const PLAIN_SAMPLES: SampleFormat = { chromaFormat: 1, extraLumaBits: 0, extraChromaBits: 0 };

/** §7.3.2.1.1: profiles whose sets tell the chroma format. */
export const HIGH_H264_PROFILES: ReadonlySet<number> = new Set([
  100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135,
]);

/** §E.2.1, max_num_reorder_frames: profiles in which constraint_set3_flag means intra pictures only. */
const INTRA_PROFILES = new Set([44, 86, 100, 110, 122, 244]);

function readHighProfileFields(bits: BitCursor): SampleFormat {
  const chromaFormat = readUnsigned(bits);
  if (chromaFormat === 3) bits.skip(1);
  const extraLumaBits = readUnsigned(bits);
  const extraChromaBits = readUnsigned(bits);
  bits.skip(1);
  if (bits.read(1) === 1) {
    for (let list = 0; list < (chromaFormat === 3 ? 12 : 8); list += 1) {
      if (bits.read(1) === 1) skipScalingList(bits, list < 6 ? 16 : 64);
    }
  }
  return { chromaFormat, extraLumaBits, extraChromaBits };
}

/** bit_depth_luma_minus8 is at most 6 (§7.4.2.1.1), 8 in HEVC. */
const EXTRA_BITS_LIMIT = 8;

/** Of luma. */
export function bitDepthOf({ extraLumaBits }: SampleFormat): number {
  return 8 + Math.min(extraLumaBits, EXTRA_BITS_LIMIT);
}

/** §7.3.2.1.1.1. */
function skipScalingList(bits: BitCursor, size: number): void {
  let next = 8;
  for (let index = 0; index < size && next !== 0; index += 1) next = (next + readSigned(bits) + 256) & 0xff;
}

function readOrderCountType(bits: BitCursor): number {
  const type = readUnsigned(bits);
  if (type === 0) readUnsigned(bits);
  if (type === 1) {
    bits.skip(1);
    readSigned(bits);
    readSigned(bits);
    // num_ref_frames_in_pic_order_cnt_cycle is at most 255 (§7.4.2.1.1).
    for (let left = Math.min(readUnsigned(bits), 255); left > 0; left -= 1) readSigned(bits);
  }
  return type;
}

/** §7.4.2.1.1, equations 7-19 to 7-22: offsets count in chroma samples, and in fields where there may be fields. */
function readCrop(bits: BitCursor, chromaFormat: number, isFramesOnly: number) {
  if (bits.read(1) === 0) return { widthPixels: 0, heightPixels: 0 };
  const horizontal = readUnsigned(bits) + readUnsigned(bits);
  const vertical = readUnsigned(bits) + readUnsigned(bits);
  const unitWidth = chromaFormat === 1 || chromaFormat === 2 ? 2 : 1;
  const unitHeight = (chromaFormat === 1 ? 2 : 1) * (2 - isFramesOnly);
  return { widthPixels: horizontal * unitWidth, heightPixels: vertical * unitHeight };
}

/** max_num_reorder_frames of the VUI behind its colours (§E.1.1), if it is there. */
function readReorderFrames(bits: BitCursor): number | undefined {
  if (bits.read(1) === 1) {
    readUnsigned(bits);
    readUnsigned(bits);
  }
  if (bits.read(1) === 1) bits.skip(65);
  const hasNalParameters = skipReferenceDecoder(bits);
  const hasVclParameters = skipReferenceDecoder(bits);
  if (hasNalParameters || hasVclParameters) bits.skip(1);
  bits.skip(1);
  if (bits.read(1) === 0) return undefined;
  bits.skip(1);
  for (let field = 0; field < 4; field += 1) readUnsigned(bits);
  return readUnsigned(bits);
}

/** A flag and hrd_parameters (§E.1.2). */
function skipReferenceDecoder(bits: BitCursor): boolean {
  if (bits.read(1) === 0) return false;
  // cpb_cnt_minus1 is at most 31 (§E.2.2).
  const count = Math.min(readUnsigned(bits), 31) + 1;
  bits.skip(8);
  for (let index = 0; index < count; index += 1) {
    readUnsigned(bits);
    readUnsigned(bits);
    bits.skip(1);
  }
  bits.skip(20);
  return true;
}

/** MaxDpbFrames (§A.3.1 and table A-1). */
function pictureBufferFrames(level: number, pictureBlocks: number): number {
  const blocks = BUFFER_BLOCKS.find(([highestLevel]) => level <= highestLevel)?.[1] ?? LARGEST_BUFFER_BLOCKS;
  return Math.floor(blocks / pictureBlocks);
}

/** Level and MaxDpbMbs. */
const BUFFER_BLOCKS = [
  [10, 396],
  [11, 900],
  [20, 2376],
  [21, 4752],
  [30, 8100],
  [31, 18_000],
  [32, 20_480],
  [41, 32_768],
  [42, 34_816],
  [50, 110_400],
  [52, 184_320],
] as const;
const LARGEST_BUFFER_BLOCKS = 696_320;
