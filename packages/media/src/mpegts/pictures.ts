import { nalUnitsOf } from "../codecs/annex-b.ts";
import { payloadBits, payloadBytes, readUnsigned } from "../codecs/rbsp.ts";
import type { VideoCodec } from "../media-info.ts";

/** A picture in NAL units. */
export interface NalPicture {
  readonly nalUnits: readonly Uint8Array[];
  readonly isKeyframe: boolean;
}

/** Codecs that come as NAL units, which MP4 holds in another form. */
export type NalCodec = Extract<VideoCodec, "h264" | "hevc">;

export function isNalCodec(codec: string): codec is NalCodec {
  return codec === "h264" || codec === "hevc";
}

/** The NAL units of a picture; undefined if no slice is among them. */
export function nalPicture(codec: NalCodec, data: Uint8Array): NalPicture | undefined {
  const nalUnits = nalUnitsOf(data) ?? [];
  const { isSlice, isKeyframe } = FORMATS[codec];
  return nalUnits.some(isSlice) ? { nalUnits, isKeyframe: isKeyframe(nalUnits) } : undefined;
}

/** Whether a NAL unit is a parameter set. */
export function isParameterSet(codec: NalCodec, nalUnit: Uint8Array): boolean {
  return FORMATS[codec].isParameterSet(nalUnit);
}

/** Delimiters of access units, which samples delimit themselves, and filler data, which fills a rate that MP4 has not. */
export function isLeftOut(codec: NalCodec, nalUnit: Uint8Array): boolean {
  return FORMATS[codec].isLeftOut(nalUnit);
}

/**
 * Whether decoding can start at a picture of which the codec is not in NAL units; undefined if only the container tells. I
 * pictures of MPEG-1 and MPEG-2: picture_start_code, temporal_reference 10, picture_coding_type 3 (ISO/IEC 13818-2 §6.2.3).
 */
export function isKeyPicture(codec: VideoCodec, data: Uint8Array): boolean | undefined {
  if (codec !== "mpeg1" && codec !== "mpeg2") return undefined;
  for (let at = 0; at + 6 <= data.length; at += 1) {
    const isPictureStart = data[at] === 0 && data[at + 1] === 0 && data[at + 2] === 1 && data[at + 3] === 0;
    if (isPictureStart) return ((data[at + 5]! >> 3) & 7) === INTRA_CODED;
  }
  return false;
}

const INTRA_CODED = 1;

interface NalFormat {
  readonly isSlice: (nalUnit: Uint8Array) => boolean;
  readonly isParameterSet: (nalUnit: Uint8Array) => boolean;
  readonly isLeftOut: (nalUnit: Uint8Array) => boolean;
  readonly isKeyframe: (nalUnits: readonly Uint8Array[]) => boolean;
}

const avcType = (nalUnit: Uint8Array): number => (nalUnit[0] ?? 0) & 0x1f;
const hevcType = (nalUnit: Uint8Array): number => ((nalUnit[0] ?? 0) >> 1) & 0x3f;

/** ITU-T H.264 table 7-1. */
const AVC_IDR = 5;
const AVC_SEI = 6;
const AVC_SEQUENCE_SET = 7;
const AVC_PICTURE_SET = 8;
const AVC_DELIMITER = 9;
const AVC_FILLER = 12;
/** ITU-T H.265 table 7-1. */
const HEVC_FIRST_INTRA = 16;
const HEVC_LAST_INTRA = 23;
const HEVC_DELIMITER = 35;
const HEVC_FILLER = 38;

const FORMATS: Readonly<Record<NalCodec, NalFormat>> = {
  h264: {
    isSlice: (nalUnit) => avcType(nalUnit) >= 1 && avcType(nalUnit) <= AVC_IDR,
    isParameterSet: (nalUnit) => avcType(nalUnit) === AVC_SEQUENCE_SET || avcType(nalUnit) === AVC_PICTURE_SET,
    isLeftOut: (nalUnit) => avcType(nalUnit) === AVC_DELIMITER || avcType(nalUnit) === AVC_FILLER,
    isKeyframe: isAvcKeyframe,
  },
  hevc: {
    isSlice: (nalUnit) => hevcType(nalUnit) < 32,
    isParameterSet: (nalUnit) => hevcType(nalUnit) >= 32 && hevcType(nalUnit) <= 34,
    isLeftOut: (nalUnit) => hevcType(nalUnit) === HEVC_DELIMITER || hevcType(nalUnit) === HEVC_FILLER,
    // BLA, IDR and CRA.
    isKeyframe: (nalUnits) =>
      nalUnits.some((nalUnit) => hevcType(nalUnit) >= HEVC_FIRST_INTRA && hevcType(nalUnit) <= HEVC_LAST_INTRA),
  },
};

/**
 * IDR pictures; those with a recovery point (§D.1.8), with which an open group of pictures begins; and, for broadcasters tell
 * of neither, pictures of I slices behind a sequence parameter set.
 */
function isAvcKeyframe(nalUnits: readonly Uint8Array[]): boolean {
  const ofType = (type: number) => nalUnits.filter((nalUnit) => avcType(nalUnit) === type);
  if (ofType(AVC_IDR).length > 0 || ofType(AVC_SEI).some(hasRecoveryPoint)) return true;
  const slices = nalUnits.filter(FORMATS.h264.isSlice);
  return ofType(AVC_SEQUENCE_SET).length > 0 && slices.every(isIntraSlice);
}

/** §7.4.3: slice_type, of which 5 more say the same of all slices. */
function isIntraSlice(slice: Uint8Array): boolean {
  const bits = payloadBits(slice.subarray(0, SLICE_HEADER_BYTES), 1);
  readUnsigned(bits);
  return readUnsigned(bits) % 5 === INTRA_SLICE;
}

/** As far as it is read, in the largest pictures. */
const SLICE_HEADER_BYTES = 16;
const INTRA_SLICE = 2;
const RECOVERY_POINT = 6;

/** §7.3.2.3.1: payloadType and payloadSize, each as the sum of bytes up to the first that is not 255. */
function hasRecoveryPoint(sei: Uint8Array): boolean {
  const payload = payloadBytes(sei, 1);
  let position = 0;
  const readSum = (): number => {
    let sum = 0;
    while (payload[position] === 0xff) sum += payload[position++]!;
    return sum + (payload[position++] ?? 0);
  };
  // What follows the last message are the trailing bits.
  while (position + 2 < payload.length) {
    if (readSum() === RECOVERY_POINT) return true;
    const lengthBytes = readSum();
    position += lengthBytes;
  }
  return false;
}
