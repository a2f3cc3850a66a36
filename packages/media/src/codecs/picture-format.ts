import type { PictureFormat, VideoCodec } from "../media-info.ts";
import { av1Parameters } from "./av1.ts";
import { CHROMA_FORMATS, h264Parameters } from "./h264.ts";
import { HEVC_RECORD_HEADER_BYTES, hevcParameters } from "./hevc.ts";

/** What a decoder configuration tells of the pictures, in the form that ISO base media files hold it in. */
export function pictureFormatOf(codec: VideoCodec, configuration: Uint8Array): PictureFormat {
  return PARSERS[codec]?.(configuration) ?? {};
}

/** What VP9 says of itself: in a `vpcC`, or in a CodecPrivate of WebM. */
export function vp9Format(told: {
  readonly profile: number;
  readonly level: number;
  readonly bitDepth: number;
  readonly chromaSubsampling: number | undefined;
}): PictureFormat {
  return {
    profile: `Profile ${told.profile}`,
    level: toldLevel(told.level / 10),
    bitDepth: told.bitDepth,
    chromaSubsampling: VP9_CHROMA[told.chromaSubsampling ?? VP9_CHROMA.length],
  };
}

/** VP Codec ISO Media File Format Binding, chromaSubsampling: 0 and 1 differ in where the samples lie. */
const VP9_CHROMA = ["4:2:0", "4:2:0", "4:2:2", "4:4:4"] as const;

const PARSERS: Partial<Record<VideoCodec, (record: Uint8Array) => PictureFormat>> = {
  h264: h264Format,
  hevc: hevcFormat,
  av1: av1Format,
};

/** AVCDecoderConfigurationRecord, ISO/IEC 14496-15 §5.3.3.1. */
function h264Format(record: Uint8Array): PictureFormat {
  const [version, profile = 0, constraints = 0, level = 0] = record;
  if (version !== 1) return {};
  const { bitDepth, chromaSubsampling, colour, pixelAspectRatio } = h264Parameters(record) ?? {};
  return {
    profile: h264Profile(profile, constraints),
    level: toldLevel(level / 10),
    bitDepth,
    chromaSubsampling,
    colour,
    pixelAspectRatio,
  };
}

/** ITU-T H.264 §A.2, with the constraint flags that make a profile another one. */
function h264Profile(profile: number, constraints: number): string | undefined {
  const CONSTRAINED = 0x40;
  const INTRA_ONLY = 0x10;
  if (profile === 66 && (constraints & CONSTRAINED) !== 0) return "Constrained Baseline";
  const name = H264_PROFILES.get(profile);
  const isIntra = [110, 122, 244].includes(profile) && (constraints & INTRA_ONLY) !== 0;
  return isIntra ? `${name} Intra` : name;
}

const H264_PROFILES = new Map<number, string>([
  [66, "Baseline"],
  [77, "Main"],
  [88, "Extended"],
  [100, "High"],
  [110, "High 10"],
  [122, "High 4:2:2"],
  [244, "High 4:4:4 Predictive"],
  [44, "CAVLC 4:4:4 Intra"],
]);

/** HEVCDecoderConfigurationRecord, ISO/IEC 14496-15 §8.3.3.1: it repeats what matters of its parameter sets. */
function hevcFormat(record: Uint8Array): PictureFormat {
  if (record.length < HEVC_RECORD_HEADER_BYTES) return {};
  const { colour, pixelAspectRatio } = hevcParameters(record) ?? {};
  return {
    profile: HEVC_PROFILES.get((record[1] ?? 0) & 0x1f),
    level: toldLevel((record[12] ?? 0) / 30),
    bitDepth: 8 + ((record[17] ?? 0) & 7),
    chromaSubsampling: CHROMA_FORMATS[(record[16] ?? 0) & 3],
    colour,
    pixelAspectRatio,
  };
}

/** ITU-T H.265 §A.3. */
const HEVC_PROFILES = new Map<number, string>([
  [1, "Main"],
  [2, "Main 10"],
  [3, "Main Still Picture"],
  [4, "Format Range Extensions"],
  [5, "High Throughput"],
  [9, "Screen-Extended"],
]);

function av1Format(record: Uint8Array): PictureFormat {
  const parameters = av1Parameters(record);
  if (parameters === undefined) return {};
  const { profile, levelIndex, bitDepth, chromaSubsampling, colour } = parameters;
  return { profile: AV1_PROFILES[profile], level: av1Level(levelIndex), bitDepth, chromaSubsampling, colour };
}

/** AV1 Bitstream & Decoding Process Specification §6.4.1. */
const AV1_PROFILES = ["Main", "High", "Professional"];

/** §A.3: levels 2.0 to 7.3; 31 is "any". */
function av1Level(index: number): number | undefined {
  const HIGHEST = 23;
  return index > HIGHEST ? undefined : toldLevel(2 + (index >> 2) + (index & 3) / 10);
}

function toldLevel(level: number): number | undefined {
  return level > 0 ? Math.round(level * 10) / 10 : undefined;
}
