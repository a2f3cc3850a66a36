import { aacConfigurationOf, aacParameters } from "../codecs/aac.ts";
import { flacSound } from "../codecs/flac.ts";
import { bitmapFormat, waveFormat } from "../codecs/microsoft.ts";
import { opusLayout } from "../codecs/opus.ts";
import { pictureFormatOf, vp9Format } from "../codecs/picture-format.ts";
import { av1CodecString, avcCodecString, hevcCodecString, vp9CodecString } from "../codecs/video-codec-string.ts";
import type { AudioCodec, AudioTrack, PictureFormat, SubtitleCodec, VideoCodec } from "../media-info.ts";

export interface MatroskaVideoCodec extends CodecName {
  /** What its configuration tells of the pictures. */
  readonly format: PictureFormat;
}

export interface MatroskaAudioCodec extends Partial<Pick<AudioTrack, "channelLayout" | "bitDepth">> {
  readonly codec: AudioCodec;
  readonly codecString: string | undefined;
}

/** The codec behind a video CodecID and its CodecPrivate (Matroska Codec Specifications §4.3). */
export function videoCodecOf(codecId: string, codecPrivate: Uint8Array): MatroskaVideoCodec {
  const name = videoCodecName(codecId, codecPrivate);
  const features = name.codec === "vp9" ? vp9Features(codecPrivate) : undefined;
  const isRecord = !MICROSOFT_CODEC_ID.test(codecId);
  if (features !== undefined) return { ...name, format: vp9Format(features) };
  return { ...name, format: isRecord ? pictureFormatOf(name.codec, codecPrivate) : {} };
}

/** CodecIDs whose CodecPrivate is a structure of Microsoft's. */
const MICROSOFT_CODEC_ID = /^V_MS\//;

interface CodecName {
  readonly codec: VideoCodec;
  readonly codecString: string | undefined;
}

function videoCodecName(codecId: string, codecPrivate: Uint8Array): CodecName {
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
    const { codec, codecString, channelLayout, bitDepth } = waveFormat(codecPrivate);
    return { codec, codecString, channelLayout, bitDepth };
  }
  // A profile may follow the name: A_AAC/MPEG4/LC, A_DTS/LOSSLESS, A_PCM/INT/LIT, A_AC3/BSID9.
  const codec = AUDIO_CODECS.get(codecId) ?? AUDIO_CODECS.get(codecId.split("/", 1)[0] ?? "") ?? "unknown";
  return { codec, codecString: undefined, ...SOUND_PARAMETERS[codec]?.(codecPrivate) };
}

type SoundParameters = Partial<Omit<MatroskaAudioCodec, "codec">>;

const SOUND_PARAMETERS: Partial<Record<AudioCodec, (codecPrivate: Uint8Array) => SoundParameters>> = {
  aac: (config) => {
    const { codecString, channelLayout } = aacParameters(config) ?? {};
    return { codecString, channelLayout };
  },
  opus: (head) => ({ channelLayout: opusLayout(head) }),
  flac: (metadata) => flacSound(metadata),
};

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

/** Most files lack the parameters of VP9; then the plain name has to do. */
function vp9PrivateCodecString(codecPrivate: Uint8Array): string {
  const features = vp9Features(codecPrivate);
  return features === undefined ? "vp9" : vp9CodecString(features);
}

/**
 * VP9 CodecPrivate is a list of (ID, length, value), whose IDs 1 to 4 are profile, level, bit depth and chroma subsampling ("VP9
 * Codec Feature Metadata" of the WebM container guidelines). Undefined without the first two.
 */
function vp9Features(codecPrivate: Uint8Array) {
  const features = new Map<number, number>();
  for (let position = 0; position + 2 < codecPrivate.length; position += 2 + (codecPrivate[position + 1] ?? 0)) {
    features.set(codecPrivate[position] ?? 0, codecPrivate[position + 2] ?? 0);
  }
  const [profile, level] = [features.get(1), features.get(2)];
  if (profile === undefined || level === undefined) return undefined;
  return { profile, level, bitDepth: features.get(3) ?? 8, chromaSubsampling: features.get(4) };
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
