import type { PictureParameters } from "../codecs/h264.ts";
import { h264Parameters } from "../codecs/h264.ts";
import { HEVC_RECORD_HEADER_BYTES, hevcArrays, hevcParameters, isHevcParameterSet } from "../codecs/hevc.ts";
import { av1CodecString, avcCodecString, hevcCodecString, vp9CodecString } from "../codecs/video-codec-string.ts";
import { vp9Level, vp9Parameters } from "../codecs/vp9.ts";
import type { VideoCodec } from "../media-info.ts";
import type { CodedTrack } from "../packet.ts";
import { box, fullBox, u8, u16 } from "./boxes.ts";
import type { MuxCodec, MuxCodecs } from "./mux-codec.ts";
import type { MuxTrack } from "./mux-track.ts";

const never = () => false;

const h264: MuxCodec = {
  accepts: ({ configuration }) => configuration.length >= 7 && configuration[0] === 1,
  needsFirstPacket: never,
  entryType: "avc1",
  configurationBox: ({ coded }) => box("avcC", coded.configuration),
  codecString: ({ coded }) => avcCodecString(coded.configuration),
};

/** Records of before 2013 have version 0. */
const hevc: MuxCodec = {
  accepts: ({ configuration }) => configuration.length >= HEVC_RECORD_HEADER_BYTES && (configuration[0] ?? 2) <= 1,
  needsFirstPacket: never,
  entryType: "hvc1",
  configurationBox: ({ coded }) => box("hvcC", completeSets(coded.configuration)),
  codecString: ({ coded }) => hevcCodecString(coded.configuration),
};

const av1: MuxCodec = {
  accepts: ({ configuration }) => av1CodecString(configuration) !== undefined,
  needsFirstPacket: never,
  entryType: "av01",
  configurationBox: ({ coded }) => box("av1C", coded.configuration),
  codecString: ({ coded }) => av1CodecString(coded.configuration),
};

const vp9: MuxCodec = {
  accepts: () => true,
  needsFirstPacket: (coded) => toldVp9(coded) === undefined,
  entryType: "vp09",
  configurationBox: vpConfigurationBox,
  codecString: (track) => vp9CodecString(vpConfiguration(track)),
};

/** VP8 in MP4 is legal (VP Codec ISO Media File Format Binding), yet few play it: the client is asked by the codec string. */
const vp8: MuxCodec = {
  accepts: () => true,
  needsFirstPacket: never,
  entryType: "vp08",
  configurationBox: vpConfigurationBox,
  codecString: (track) => vp9CodecString(vpConfiguration(track)).replace("vp09", "vp08"),
};

export const pictureCodecs: MuxCodecs<VideoCodec> = { h264, hevc, av1, vp9, vp8 };

/** What the decoder configuration tells of the pictures; undefined where it tells nothing. */
export function pictureParameters({ track, configuration }: CodedTrack): PictureParameters | undefined {
  if (track.codec === "h264") return h264Parameters(configuration);
  return track.codec === "hevc" ? hevcParameters(configuration) : undefined;
}

/** Width and height: as the container says, else as the stream does, else 0. 16 bits each. */
export function pictureSize(track: MuxTrack): { readonly widthPixels: number; readonly heightPixels: number } {
  const { widthPixels = 0, heightPixels = 0 } = track.coded.track.kind === "video" ? track.coded.track : {};
  const isTold = widthPixels > 0 && heightPixels > 0;
  const size = isTold ? undefined : (keyframeParameters(track) ?? pictureParameters(track.coded));
  return {
    widthPixels: Math.min(size?.widthPixels ?? widthPixels, SIZE_LIMIT_PIXELS),
    heightPixels: Math.min(size?.heightPixels ?? heightPixels, SIZE_LIMIT_PIXELS),
  };
}

/** Of a VisualSampleEntry (ISO/IEC 14496-12 §12.1.3). */
export const SIZE_LIMIT_PIXELS = 0xffff;

/** `hvc1` promises that all parameter sets are in the record (ISO/IEC 14496-15 §8.4.1): Safari plays nothing else. */
function completeSets(record: Uint8Array): Uint8Array {
  const complete = record.slice();
  for (const { nalUnitType, offsetBytes } of hevcArrays(record)) {
    if (isHevcParameterSet(nalUnitType)) complete[offsetBytes] = 0x80 | (complete[offsetBytes] ?? 0);
  }
  return complete;
}

/** VPCodecConfigurationRecord (VP Codec ISO Media File Format Binding, version 1). */
function vpConfigurationBox(track: MuxTrack): Uint8Array {
  const { profile, level, bitDepth, chromaSubsampling, isFullRange, matrixCoefficients } = vpConfiguration(track);
  const UNSPECIFIED = 2;
  const { colour } = track.coded.track.kind === "video" ? track.coded.track : {};
  return fullBox(
    "vpcC",
    0x01000000,
    u8(profile, level, (bitDepth << 4) | (chromaSubsampling << 1) | Number(isFullRange)),
    u8(colour?.primaries ?? UNSPECIFIED, colour?.transfer ?? UNSPECIFIED, matrixCoefficients),
    u16(0),
  );
}

function vpConfiguration(track: MuxTrack) {
  const { widthPixels, heightPixels } = pictureSize(track);
  const media = track.coded.track;
  const framesPerSecond = (media.kind === "video" && media.framesPerSecond) || ASSUMED_FRAMES_PER_SECOND;
  const level = vp9Level(widthPixels, heightPixels, framesPerSecond);
  return { ...PLAIN, level, ...toldVp9(track.coded), ...keyframeParameters(track) };
}

/** Eight bits, 4:2:0: profile 0 of VP9, and all of VP8. */
const PLAIN = { profile: 0, bitDepth: 8, chromaSubsampling: 1, isFullRange: false, matrixCoefficients: 2 };

/** For the level alone; films have no more. */
const ASSUMED_FRAMES_PER_SECOND = 30;

function keyframeParameters({ coded, firstPacket }: MuxTrack) {
  return coded.track.codec === "vp9" && firstPacket !== undefined ? vp9Parameters(firstPacket) : undefined;
}

/** What a container told of VP9, from its codec string: `vp09.PP.LL.DD`. */
function toldVp9({ track }: CodedTrack): { profile: number; level: number; bitDepth: number } | undefined {
  const [entry, ...numbers] = (track.kind === "video" && track.codecString?.split(".")) || [];
  const [profile = Number.NaN, level = Number.NaN, bitDepth = Number.NaN] = numbers.map(Number);
  return entry === "vp09" && profile >= 0 && level > 0 && bitDepth >= 8 ? { profile, level, bitDepth } : undefined;
}
