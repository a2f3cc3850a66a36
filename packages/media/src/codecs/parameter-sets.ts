import { concatenate } from "../reader.ts";
import { HIGH_H264_PROFILES, type PictureParameters, parseSequenceSet, type SampleFormat } from "./h264.ts";
import { parseHevcSequenceSet } from "./hevc.ts";
import { payloadBytes } from "./rbsp.ts";

/** A decoder configuration record that was put together from parameter sets, and what they say of the pictures. */
export interface BuiltRecord {
  readonly record: Uint8Array;
  readonly picture: PictureParameters;
}

/**
 * An AVCDecoderConfigurationRecord (ISO/IEC 14496-15 §5.3.3.1) of the parameter sets among some NAL units, each once; undefined if
 * one of the two kinds is missing, or if they are more than a record can count.
 */
export function avcRecordOf(nalUnits: readonly Uint8Array[]): BuiltRecord | undefined {
  const ofType = (type: number) => distinct(nalUnits.filter((nalUnit) => ((nalUnit[0] ?? 0) & 0x1f) === type));
  const sequenceSets = ofType(AVC_SEQUENCE_SET);
  const pictureSets = ofType(AVC_PICTURE_SET);
  const [first] = sequenceSets;
  const isCountable = sequenceSets.length <= 31 && pictureSets.length <= 255 && pictureSets.length > 0;
  if (first === undefined || first.length < 4 || !isCountable) return undefined;
  const { picture, samples } = parseSequenceSet(first);
  const profile = first[1] ?? 0;
  const high = HIGH_H264_PROFILES.has(profile) ? Uint8Array.of(...sampleBytes(samples), 0) : NOTHING;
  const record = concatenate([
    Uint8Array.of(1, ...first.subarray(1, 4), 0xfc | LENGTH_SIZE_MINUS_ONE, 0xe0 | sequenceSets.length),
    ...sequenceSets.flatMap(withLength),
    Uint8Array.of(pictureSets.length),
    ...pictureSets.flatMap(withLength),
    high,
  ]);
  return { record, picture };
}

/** The same as an HEVCDecoderConfigurationRecord (ISO/IEC 14496-15 §8.3.3.1). */
export function hevcRecordOf(nalUnits: readonly Uint8Array[]): BuiltRecord | undefined {
  const arrays = HEVC_SETS.map((type) => ({
    type,
    sets: distinct(nalUnits.filter((nalUnit) => (nalUnit[0] ?? 0) >> 1 === type)),
  }));
  const [first] = arrays[1]!.sets;
  if (first === undefined || arrays.some(({ sets }) => sets.length === 0 || sets.length > 64)) return undefined;
  const { picture, samples } = parseHevcSequenceSet(first);
  // H.265 §7.3.2.2.1: sps_video_parameter_set_id 4, sps_max_sub_layers_minus1 3, sps_temporal_id_nesting_flag 1; then §7.3.3.
  const payload = payloadBytes(first, 2);
  const layers = payload[0] ?? 0;
  const temporalLayers = (((layers >> 1) & 7) + 1) & 7;
  const record = concatenate([
    Uint8Array.of(1, ...payload.subarray(1, 1 + PROFILE_TIER_LEVEL_BYTES)),
    // No spatial segmentation is told, parallelism is unknown; no average frame rate.
    Uint8Array.of(0xf0, 0, 0xfc, ...sampleBytes(samples), 0, 0),
    Uint8Array.of((temporalLayers << 3) | ((layers & 1) << 2) | LENGTH_SIZE_MINUS_ONE, arrays.length),
    ...arrays.flatMap(({ type, sets }) => [Uint8Array.of(0x80 | type, 0, sets.length), ...sets.flatMap(withLength)]),
  ]);
  return { record, picture };
}

const AVC_SEQUENCE_SET = 7;
const AVC_PICTURE_SET = 8;
/** Video, sequence and picture parameter sets (ITU-T H.265 table 7-1). */
const HEVC_SETS = [32, 33, 34] as const;
const PROFILE_TIER_LEVEL_BYTES = 12;
const LENGTH_SIZE_MINUS_ONE = 3;
/** Lengths of sets have two bytes. */
const SET_LIMIT_BYTES = 0xffff;
const NOTHING = new Uint8Array(0);

/** chroma_format, bit_depth_luma_minus8 and bit_depth_chroma_minus8, each behind reserved ones. */
function sampleBytes({ chromaFormat, extraLumaBits, extraChromaBits }: SampleFormat): number[] {
  return [0xfc | (chromaFormat & 3), 0xf8 | (extraLumaBits & 7), 0xf8 | (extraChromaBits & 7)];
}

function distinct(sets: readonly Uint8Array[]): Uint8Array[] {
  const kept: Uint8Array[] = [];
  for (const set of sets) {
    if (set.length <= SET_LIMIT_BYTES && !kept.some((known) => isSame(known, set))) kept.push(set);
  }
  return kept;
}

/** Whether two sets are the same to the byte. */
export function isSame(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && left.every((byte, index) => byte === right[index]);
}

function withLength(set: Uint8Array): Uint8Array[] {
  return [Uint8Array.of(set.length >> 8, set.length & 0xff), set];
}
