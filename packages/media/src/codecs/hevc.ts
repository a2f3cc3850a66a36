import type { BitCursor } from "./bit-cursor.ts";
import {
  bitDepthOf,
  CHROMA_FORMATS,
  type PictureParameters,
  REORDER_DEPTH_LIMIT,
  type SampleFormat,
  type SequenceSet,
} from "./h264.ts";
import { skipToUsability } from "./hevc-sets.ts";
import { payloadBits, readUnsigned } from "./rbsp.ts";
import { readUsability, type VideoUsability } from "./usability.ts";

/** Bytes of an HEVCDecoderConfigurationRecord before its arrays (ISO/IEC 14496-15 §8.3.3.1). */
export const HEVC_RECORD_HEADER_BYTES = 23;

const SEQUENCE_SET = 33;

/** Nal unit types 32 to 34: video, sequence and picture parameter sets (ITU-T H.265 table 7-1). */
export function isHevcParameterSet(nalUnitType: number): boolean {
  return nalUnitType >= 32 && nalUnitType <= 34;
}

/** An array of an HEVCDecoderConfigurationRecord. */
interface NalUnitArray {
  readonly nalUnitType: number;
  /** Where in the record its first byte lies: array_completeness, and the type in the lower six bits. */
  readonly offsetBytes: number;
  readonly nalUnits: readonly Uint8Array[];
}

/** The arrays of a record. They end early, without complaint, at the first that reaches beyond the end. */
export function* hevcArrays(record: Uint8Array): Generator<NalUnitArray> {
  let position = HEVC_RECORD_HEADER_BYTES;
  for (let left = record[position - 1] ?? 0; left > 0 && position + 3 <= record.length; left -= 1) {
    const offsetBytes = position;
    const count = u16At(record, position + 1);
    const nalUnits: Uint8Array[] = [];
    position += 3;
    while (nalUnits.length < count) {
      const end = position + 2 + u16At(record, position);
      if (position + 2 > record.length || end > record.length) return;
      nalUnits.push(record.subarray(position + 2, end));
      position = end;
    }
    yield { nalUnitType: (record[offsetBytes] ?? 0) & 0x3f, offsetBytes, nalUnits };
  }
}

/** Reads the first sequence parameter set of a record; undefined if it holds none. */
export function hevcParameters(record: Uint8Array): PictureParameters | undefined {
  for (const { nalUnitType, nalUnits } of hevcArrays(record)) {
    if (nalUnitType === SEQUENCE_SET && nalUnits[0] !== undefined) return parseHevcSequenceSet(nalUnits[0]).picture;
  }
  return undefined;
}

function u16At(bytes: Uint8Array, position: number): number {
  return ((bytes[position] ?? 0) << 8) | (bytes[position + 1] ?? 0);
}

/** seq_parameter_set_rbsp (ITU-T H.265 §7.3.2.2.1), with the header of its NAL unit. */
export function parseHevcSequenceSet(set: Uint8Array): SequenceSet {
  const bits = payloadBits(set, 2).skip(4);
  const highestLayer = bits.read(3);
  bits.skip(1);
  skipProfileTierLevel(bits, highestLayer);
  readUnsigned(bits);
  const chromaFormat = readUnsigned(bits);
  if (chromaFormat === 3) bits.skip(1);
  const width = readUnsigned(bits);
  const height = readUnsigned(bits);
  const window = bits.read(1) === 1 ? [0, 0, 0, 0].map(() => readUnsigned(bits)) : [0, 0, 0, 0];
  const [left = 0, right = 0, top = 0, bottom = 0] = window;
  const unitWidth = chromaFormat === 1 || chromaFormat === 2 ? 2 : 1;
  const unitHeight = chromaFormat === 1 ? 2 : 1;
  const samples: SampleFormat = {
    chromaFormat,
    extraLumaBits: readUnsigned(bits),
    extraChromaBits: readUnsigned(bits),
  };
  const orderCountBits = readUnsigned(bits) + 4;
  const reorderDepth = Math.min(readReorderPictures(bits, highestLayer), REORDER_DEPTH_LIMIT);
  skipToUsability(bits, orderCountBits);
  const { pixelAspectRatio, colour } = bits.read(1) === 1 ? readUsability(bits) : NO_USABILITY;
  const picture = {
    widthPixels: Math.max(0, width - unitWidth * (left + right)),
    heightPixels: Math.max(0, height - unitHeight * (top + bottom)),
    reorderDepth,
    bitDepth: bitDepthOf(samples),
    chromaSubsampling: CHROMA_FORMATS[chromaFormat],
    pixelAspectRatio,
    colour,
  };
  return { picture, samples };
}

const NO_USABILITY: VideoUsability = { pixelAspectRatio: undefined, colour: undefined };

/** §7.3.3. */
function skipProfileTierLevel(bits: BitCursor, highestLayer: number): void {
  const PROFILE_BITS = 88;
  const LEVEL_BITS = 8;
  bits.skip(PROFILE_BITS + LEVEL_BITS);
  const present = Array.from({ length: highestLayer }, () => ({ profile: bits.read(1), level: bits.read(1) }));
  if (highestLayer > 0) bits.skip(2 * (8 - highestLayer));
  for (const layer of present) bits.skip(layer.profile * PROFILE_BITS + layer.level * LEVEL_BITS);
}

/** sps_max_num_reorder_pics of the highest temporal layer: the last that is written. */
function readReorderPictures(bits: BitCursor, highestLayer: number): number {
  const count = bits.read(1) === 1 ? highestLayer + 1 : 1;
  let pictures = 0;
  for (let layer = 0; layer < count; layer += 1) {
    readUnsigned(bits);
    pictures = readUnsigned(bits);
    readUnsigned(bits);
  }
  return pictures;
}
