import { aacConfigurationOf, aacParameters } from "../codecs/aac.ts";
import { bitmapFormat, waveFormat } from "../codecs/microsoft.ts";
import { av1CodecString, avcCodecString, hevcCodecString, vp9CodecString } from "../codecs/video-codec-string.ts";
import type { AudioCodec, SubtitleCodec, VideoCodec } from "../media-info.ts";

export interface MatroskaVideoCodec {
  readonly codec: VideoCodec;
  readonly codecString: string | undefined;
}

export interface MatroskaAudioCodec {
  readonly codec: AudioCodec;
  readonly codecString: string | undefined;
}

/** The codec behind a video CodecID and its CodecPrivate (Matroska Codec Specifications §4.3). */
export function videoCodecOf(codecId: string, codecPrivate: Uint8Array): MatroskaVideoCodec {
  switch (codecId) {
    case "V_MPEG4/ISO/AVC":
      return { codec: "h264", codecString: avcCodecString(codecPrivate) };
    case "V_MPEGH/ISO/HEVC":
      return { codec: "hevc", codecString: hevcCodecString(codecPrivate) };
    case "V_AV1":
      return { codec: "av1", codecString: av1CodecString(codecPrivate) };
    case "V_VP8":
      return { codec: "vp8", codecString: "vp8" };
    case "V_VP9":
      return { codec: "vp9", codecString: vp9PrivateCodecString(codecPrivate) };
    case "V_MS/VFW/FOURCC":
      return {
        codec: codecPrivate.length === 0 ? "unknown" : bitmapFormat(codecPrivate).codec,
        codecString: undefined,
      };
    default:
      return { codec: OTHER_VIDEO_CODECS.get(codecId) ?? "unknown", codecString: undefined };
  }
}

/** The codec behind an audio CodecID and its CodecPrivate (Matroska Codec Specifications §4.4). */
export function audioCodecOf(codecId: string, codecPrivate: Uint8Array): MatroskaAudioCodec {
  if (codecId === "A_MS/ACM") {
    if (codecPrivate.length === 0) return { codec: "unknown", codecString: undefined };
    const { codec, codecString } = waveFormat(codecPrivate);
    return { codec, codecString };
  }
  // A profile may follow the name: A_AAC/MPEG4/LC, A_DTS/LOSSLESS, A_PCM/INT/LIT, A_AC3/BSID9.
  const codec = AUDIO_CODECS.get(codecId) ?? AUDIO_CODECS.get(codecId.split("/", 1)[0] ?? "") ?? "unknown";
  return { codec, codecString: codec === "aac" ? aacParameters(codecPrivate)?.codecString : undefined };
}

/**
 * The AudioSpecificConfig that an AAC CodecID of old stands for, as `A_AAC/MPEG4/LC/SBR` (Matroska Codec Specifications,
 * A_AAC/MPEG2/MAIN and those after it). Undefined for rates and channels that AAC does not have.
 */
export function aacConfigurationOfId(
  codecId: string,
  sound: { readonly codedRateHz: number; readonly sampleRateHz: number; readonly channels: number },
): Uint8Array | undefined {
  const profiles = codecId.split("/");
  const objectType = AAC_OBJECT_TYPES.find(([profile]) => profiles.includes(profile))?.[1] ?? AAC_LC;
  return aacConfigurationOf({
    objectType,
    codedRateHz: sound.codedRateHz,
    extensionRateHz: profiles.includes("SBR") ? sound.sampleRateHz : undefined,
    channels: sound.channels,
  });
}

/** The codec behind a subtitle CodecID (Matroska Codec Specifications §4.5). */
export function subtitleCodecOf(codecId: string): SubtitleCodec {
  return SUBTITLE_CODECS.get(codecId) ?? "unknown";
}

/**
 * VP9 CodecPrivate is a list of (ID, length, value), whose IDs 1 to 3 are profile, level and bit depth ("VP9 Codec
 * Feature Metadata" of the WebM container guidelines). Most files lack it; then the plain name has to do.
 */
function vp9PrivateCodecString(codecPrivate: Uint8Array): string {
  const features = new Map<number, number>();
  for (let position = 0; position + 2 < codecPrivate.length; position += 2 + (codecPrivate[position + 1] ?? 0)) {
    features.set(codecPrivate[position] ?? 0, codecPrivate[position + 2] ?? 0);
  }
  const [profile, level, bitDepth] = [features.get(1), features.get(2), features.get(3)];
  if (profile === undefined || level === undefined) return "vp9";
  return vp9CodecString({ profile, level, bitDepth: bitDepth ?? 8 });
}

/** Audio object types, ISO/IEC 14496-3 table 1.17. */
const AAC_LC = 2;
const AAC_OBJECT_TYPES: readonly (readonly [string, number])[] = [
  ["MAIN", 1],
  ["LC", AAC_LC],
  ["SSR", 3],
  ["LTP", 4],
];

const OTHER_VIDEO_CODECS = new Map<string, VideoCodec>([
  ["V_MPEG4/ISO/SP", "mpeg4"],
  ["V_MPEG4/ISO/ASP", "mpeg4"],
  ["V_MPEG4/ISO/AP", "mpeg4"],
  ["V_MPEG4/MS/V3", "msmpeg4"],
  ["V_MPEG1", "mpeg1"],
  ["V_MPEG2", "mpeg2"],
  ["V_THEORA", "theora"],
  ["V_MJPEG", "mjpeg"],
]);

const AUDIO_CODECS = new Map<string, AudioCodec>([
  ["A_AAC", "aac"],
  ["A_MPEG/L3", "mp3"],
  ["A_MPEG/L2", "mp2"],
  ["A_AC3", "ac3"],
  ["A_EAC3", "eac3"],
  ["A_DTS", "dts"],
  ["A_TRUEHD", "truehd"],
  ["A_OPUS", "opus"],
  ["A_VORBIS", "vorbis"],
  ["A_FLAC", "flac"],
  ["A_ALAC", "alac"],
  ["A_PCM", "pcm"],
]);

const SUBTITLE_CODECS = new Map<string, SubtitleCodec>([
  ["S_TEXT/UTF8", "srt"],
  ["S_TEXT/ASCII", "srt"],
  ["S_TEXT/SSA", "ass"],
  ["S_TEXT/ASS", "ass"],
  ["S_SSA", "ass"],
  ["S_ASS", "ass"],
  ["S_TEXT/WEBVTT", "webvtt"],
  ["D_WEBVTT/SUBTITLES", "webvtt"],
  ["S_HDMV/PGS", "pgs"],
  ["S_VOBSUB", "vobsub"],
  ["S_DVBSUB", "dvb"],
]);
