import { ByteCursor } from "../byte-cursor.ts";
import type { AudioCodec, VideoCodec } from "../media-info.ts";
import type { PcmFormat } from "../packet.ts";
import { fourccTag } from "../untrusted-text.ts";
import { aacParameters } from "./aac.ts";
import { layoutOfMask } from "./channel-layout.ts";

/** What a BITMAPINFOHEADER says of a picture. */
export interface BitmapFormat {
  readonly codec: VideoCodec;
  readonly codecTag: string;
  readonly widthPixels: number;
  readonly heightPixels: number;
}

/** What a WAVEFORMATEX says of a sound. */
export interface WaveFormat {
  readonly codec: AudioCodec;
  readonly codecTag: string;
  readonly codecString: string | undefined;
  readonly channels: number;
  readonly channelLayout: string | undefined;
  readonly sampleRateHz: number;
  readonly bitDepth: number;
}

/**
 * Parses a BITMAPINFOHEADER, which AVI, ASF and Matroska's V_MS/VFW/FOURCC share (Windows SDK, wingdi.h).
 * Throws `damaged_media` if it is cut off.
 */
export function bitmapFormat(bytes: Uint8Array): BitmapFormat {
  const cursor = new ByteCursor(bytes, "video format", "little").skip(4);
  const widthPixels = Math.abs(cursor.u32() | 0);
  // A negative height means that the lines run from top to bottom.
  const heightPixels = Math.abs(cursor.u32() | 0);
  const fourcc = cursor.skip(4).fourCharacters();
  return { codec: videoCodecOfFourcc(fourcc), codecTag: fourccTag(fourcc), widthPixels, heightPixels };
}

/** The codec that a four-character code of the Microsoft world stands for. */
export function videoCodecOfFourcc(fourcc: string): VideoCodec {
  return FOURCC_CODECS.get(fourcc.toUpperCase()) ?? "unknown";
}

/**
 * Parses a WAVEFORMATEX (Windows SDK, mmeapi.h), which AVI, ASF and Matroska's A_MS/ACM share.
 * Throws `damaged_media` if it is cut off.
 */
export function waveFormat(bytes: Uint8Array): WaveFormat {
  const cursor = new ByteCursor(bytes, "audio format", "little");
  const formatTag = cursor.u16();
  const channels = cursor.u16();
  const sampleRateHz = cursor.u32();
  const containerBits = bytes.length < WAVE_FORMAT_BITS_END ? 0 : cursor.skip(6).u16();
  const extra = bytes.subarray(WAVE_FORMAT_LENGTH_BYTES);
  const extension = formatTag === WAVE_FORMAT_EXTENSIBLE ? parseExtension(extra) : undefined;
  const effectiveTag = extension?.formatTag ?? formatTag;
  const codec = WAVE_CODECS.get(effectiveTag) ?? "unknown";
  return {
    codec,
    codecTag: `0x${effectiveTag.toString(16).padStart(4, "0")}`,
    codecString: effectiveTag === WAVE_FORMAT_AAC ? aacParameters(extra)?.codecString : undefined,
    channels,
    channelLayout: layoutOfMask(extension?.channelMask ?? 0),
    sampleRateHz,
    bitDepth: extension?.validBits || containerBits,
  };
}

/** How uncompressed sound of a WAVEFORMATEX lies: 8 bits are unsigned, more are signed. Undefined if it is cut off. */
export function wavePcmFormat(bytes: Uint8Array): PcmFormat | undefined {
  if (bytes.length < BITS_OFFSET + 2) return undefined;
  const cursor = new ByteCursor(bytes, "audio format", "little").skip(BITS_OFFSET);
  const bitsPerSample = cursor.u16();
  const isFloat = waveFormat(bytes).codecTag === WAVE_FORMAT_FLOAT_TAG;
  const ofIntegers = bitsPerSample === 8 ? "unsigned" : "signed";
  return { kind: isFloat ? "float" : ofIntegers, byteOrder: "little", bitsPerSample };
}

/** Format 2, channels 2, rate 4, bytes a second 4, block 2. */
const BITS_OFFSET = 14;
const WAVE_FORMAT_FLOAT_TAG = "0x0003";

/** WAVEFORMATEXTENSIBLE: valid bits and channel mask, then a GUID whose first two bytes are the classic tag. */
function parseExtension(extra: Uint8Array) {
  const EXTENSION_BYTES = 8;
  const padded = new Uint8Array(EXTENSION_BYTES);
  padded.set(extra.subarray(0, EXTENSION_BYTES));
  const cursor = new ByteCursor(padded, "audio format", "little");
  return { validBits: cursor.u16(), channelMask: cursor.u32(), formatTag: cursor.u16() };
}

/** Old headers end before wBitsPerSample. */
const WAVE_FORMAT_BITS_END = 16;

const WAVE_FORMAT_LENGTH_BYTES = 18;
const WAVE_FORMAT_EXTENSIBLE = 0xfffe;
const WAVE_FORMAT_AAC = 0x00ff;

/** RFC 2361 and the lists that players keep (ffmpeg's riff.c, MPlayer's codecs.conf). */
const FOURCC_CODECS = new Map<string, VideoCodec>([
  ...named("h264", "H264", "X264", "AVC1", "DAVC", "VSSH"),
  ...named("hevc", "HEVC", "H265", "X265", "HVC1", "HEV1"),
  ...named("av1", "AV01"),
  ...named("vp8", "VP80"),
  ...named("vp9", "VP90"),
  ...named("mpeg4", "XVID", "DIVX", "DX50", "FMP4", "MP4V", "MP4S", "M4S2", "3IV2", "DIV1"),
  ...named("msmpeg4", "DIV3", "DIV4", "DIV5", "DIV6", "MP43", "MP42", "MP41", "MPG4", "AP41", "COL1"),
  ...named("mpeg1", "MPG1", "MPEG", "PIM1"),
  ...named("mpeg2", "MPG2", "MP2V", "EM2V"),
  ...named("vc1", "WVC1", "WMVA"),
  ...named("wmv", "WMV1", "WMV2", "WMV3", "WMVP"),
  ...named("theora", "THEO"),
  ...named("flv1", "FLV1"),
  ...named("vp6", "VP60", "VP61", "VP62", "VP6F", "VP6A"),
  ...named("mjpeg", "MJPG", "AVRN", "JPEG", "DMB1"),
]);

/** RFC 2361 §3 and Windows SDK, mmreg.h. */
const WAVE_CODECS = new Map<number, AudioCodec>([
  [0x0001, "pcm"],
  [0x0003, "pcm"],
  [0x0050, "mp2"],
  [0x0055, "mp3"],
  [0x00ff, "aac"],
  [0x0160, "wma"],
  [0x0161, "wma"],
  [0x0162, "wma"],
  [0x0163, "wma"],
  [0x1600, "aac"],
  [0x1610, "aac"],
  [0x2000, "ac3"],
  [0x2001, "dts"],
  [0x566f, "vorbis"],
  [0x674f, "vorbis"],
  [0x6771, "vorbis"],
  [0x704f, "opus"],
  [0xa109, "speex"],
  [0xf1ac, "flac"],
]);

function named(codec: VideoCodec, ...fourccs: string[]): [string, VideoCodec][] {
  return fourccs.map((fourcc) => [fourcc, codec]);
}
