import { ByteCursor } from "../byte-cursor.ts";
import { aacParameters } from "../codecs/aac.ts";
import { dynamicRangeOf } from "../codecs/colour.ts";
import { pictureFormatOf } from "../codecs/picture-format.ts";
import { av1CodecString, avcCodecString, hevcCodecString } from "../codecs/video-codec-string.ts";
import type { AudioCodec, AudioTrack, PictureFormat, VideoCodec, VideoTrack } from "../media-info.ts";
import { fourccTag } from "../untrusted-text.ts";

/** Tag types, Adobe Flash Video File Format E.4.1. */
export const FlvTagType = { audio: 8, video: 9, script: 18 } as const;

/** Type, size, time and stream of a tag; and the size of the tag before, which follows each. */
export const TAG_HEADER_LENGTH_BYTES = 11;
export const TAG_TRAILER_LENGTH_BYTES = 4;

export interface TagHeader {
  readonly type: number;
  readonly dataLengthBytes: number;
}

/** The tag header at the start of `bytes` (E.4.1); undefined if it is cut off. */
export function tagHeaderOf(bytes: Uint8Array): TagHeader | undefined {
  if (bytes.length < TAG_HEADER_LENGTH_BYTES) return undefined;
  const cursor = new ByteCursor(bytes, "tag header");
  // The upper bits say whether the tag is encrypted.
  const type = cursor.u8() & 0x1f;
  return { type, dataLengthBytes: cursor.u24() };
}

type FlvVideoFormat = Pick<VideoTrack, "codec" | "codecTag" | "codecString"> & PictureFormat;
type FlvAudioFormat = Pick<AudioTrack, "codec" | "codecTag" | "codecString" | "channels" | "sampleRateHz">;

/** What the first video tag tells: E.4.3.1, and Enhanced RTMP v2 "Enhanced Video" for four-character codes. */
export function parseVideoTag(data: Uint8Array): FlvVideoFormat {
  const cursor = new ByteCursor(data, "FLV video tag");
  const first = cursor.u8();
  const isEnhanced = (first & 0x80) !== 0;
  const codecTag = isEnhanced ? fourccTag(cursor.fourCharacters()) : `${first & 0x0f}`;
  const codec = VIDEO_CODECS.get(codecTag) ?? "unknown";
  const packetType = isEnhanced ? first & 0x0f : data[1];
  // Both put four bytes between the first byte and the decoder configuration: a code, or packet type and offset.
  const config = packetType === SEQUENCE_START ? data.subarray(5) : new Uint8Array(0);
  const format = pictureFormatOf(codec, config);
  const dynamicRange = dynamicRangeOf(format);
  return { codec, codecTag, codecString: VIDEO_CODEC_STRINGS[codec]?.(config), ...format, dynamicRange };
}

/** What the first audio tag tells: E.4.2.1, and Enhanced RTMP v2 "Enhanced Audio". */
export function parseAudioTag(data: Uint8Array): FlvAudioFormat {
  const cursor = new ByteCursor(data, "FLV audio tag");
  const first = cursor.u8();
  const format = first >> 4;
  if (format === ENHANCED_AUDIO) {
    const fourcc = cursor.fourCharacters();
    return {
      codec: ENHANCED_AUDIO_CODECS.get(fourcc) ?? "unknown",
      codecTag: fourccTag(fourcc),
      codecString: undefined,
      channels: undefined,
      sampleRateHz: undefined,
    };
  }
  const codec = AUDIO_CODECS[format] ?? "unknown";
  const isConfig = codec === "aac" && data[1] === SEQUENCE_START;
  const aac = isConfig ? aacParameters(data.subarray(2)) : undefined;
  return {
    codec,
    codecTag: `${format}`,
    codecString: aac?.codecString,
    channels: aac?.channels ?? ((first & 1) === 1 ? 2 : 1),
    sampleRateHz: aac?.sampleRateHz ?? FIXED_RATES_HZ[format] ?? RATES_HZ[(first >> 2) & 3],
  };
}

const SEQUENCE_START = 0;
const ENHANCED_AUDIO = 9;

/** By CodecID (E.4.3.1; 12 is a wide-spread extension) or four-character code. */
const VIDEO_CODECS = new Map<string, VideoCodec>([
  ["2", "flv1"],
  ["4", "vp6"],
  ["5", "vp6"],
  ["7", "h264"],
  ["12", "hevc"],
  ["avc1", "h264"],
  ["hvc1", "hevc"],
  ["av01", "av1"],
  ["vp09", "vp9"],
  ["vp08", "vp8"],
]);

const VIDEO_CODEC_STRINGS: Partial<Record<VideoCodec, (config: Uint8Array) => string | undefined>> = {
  h264: (config) => avcCodecString(config),
  hevc: (config) => hevcCodecString(config),
  av1: av1CodecString,
};

/** By SoundFormat (E.4.2.1). */
const AUDIO_CODECS: Readonly<Record<number, AudioCodec>> = {
  0: "pcm",
  2: "mp3",
  3: "pcm",
  10: "aac",
  11: "speex",
  14: "mp3",
};

/** Formats whose rate is not what SoundRate says. */
const FIXED_RATES_HZ: Readonly<Record<number, number>> = { 11: 16_000, 14: 8_000 };

/** By SoundRate. */
const RATES_HZ = [5_512, 11_025, 22_050, 44_100];

const ENHANCED_AUDIO_CODECS = new Map<string, AudioCodec>([
  ["mp4a", "aac"],
  ["Opus", "opus"],
  ["ac-3", "ac3"],
  ["ec-3", "eac3"],
  ["fLaC", "flac"],
  [".mp3", "mp3"],
]);
