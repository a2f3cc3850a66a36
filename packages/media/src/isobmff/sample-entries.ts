import { ByteCursor } from "../byte-cursor.ts";
import { aacParameters } from "../codecs/aac.ts";
import { colourOf } from "../codecs/colour.ts";
import { ac3Sound, eac3Sound } from "../codecs/dolby.ts";
import { flacParameters, flacSound } from "../codecs/flac.ts";
import { pictureFormatOf, vp9Format } from "../codecs/picture-format.ts";
import { av1CodecString, avcCodecString, hevcCodecString, vp9CodecString } from "../codecs/video-codec-string.ts";
import type { AudioCodec, AudioTrack, PictureFormat, SubtitleCodec, VideoCodec, VideoTrack } from "../media-info.ts";
import { boxAt } from "./box.ts";
import { type ElementaryStream, parseElementaryStream } from "./descriptors.ts";
import { parsePicture } from "./picture.ts";
import { parseSoundFields, pulseCodeBits } from "./sound-fields.ts";

/** One entry of `stsd` (ISO/IEC 14496-12 §8.5.2): the codec of a track and its parameters. */
export interface SampleEntry {
  readonly type: string;
  /** Everything behind the box header. */
  readonly content: Uint8Array;
}

type VideoFormat = Pick<VideoTrack, "codec" | "codecString" | "widthPixels" | "heightPixels"> & PictureFormat;
type AudioFormat = Pick<
  AudioTrack,
  "codec" | "codecString" | "channels" | "channelLayout" | "sampleRateHz" | "bitDepth"
>;

/** Parses a VisualSampleEntry (§12.1.3). Throws `damaged_media` if it is cut off. */
export function parseVideoEntry(entry: SampleEntry): VideoFormat {
  const cursor = new ByteCursor(entry.content, "video description").skip(24);
  const widthPixels = cursor.u16();
  const heightPixels = cursor.u16();
  const parse = VIDEO_ENTRIES.get(entry.type);
  if (parse === undefined) return { ...UNKNOWN, widthPixels, heightPixels };
  const children = videoEntryBoxes(entry);
  const { codec, codecString, format = {} } = parse(children, entry.type);
  return { codec, codecString, widthPixels, heightPixels, ...parsePicture(children, format) };
}

/** Parses an AudioSampleEntry (§12.2.3), also QuickTime's. Throws `damaged_media` if it is cut off. */
export function parseAudioEntry(entry: SampleEntry): AudioFormat {
  const { channels, sampleRateHz, bitDepth } = parseSoundFields(entry.content);
  const children = audioEntryBoxes(entry);
  const format: AudioCodecParameters = AUDIO_ENTRIES.get(entry.type)?.(children) ?? UNKNOWN;
  return {
    codec: format.codec,
    codecString: format.codecString,
    // The entry's own numbers are often placeholders; what the codec's box says is meant.
    channels: format.channels ?? channels,
    channelLayout: format.channelLayout,
    sampleRateHz: format.sampleRateHz ?? sampleRateHz,
    bitDepth: format.codec === "pcm" ? (pulseCodeBits(entry.type, children) ?? bitDepth) : format.bitDepth,
  };
}

/** The codec of a subtitle sample entry. */
export function subtitleCodecOf(entryType: string): SubtitleCodec {
  return SUBTITLE_ENTRIES.get(entryType) ?? "unknown";
}

/** Whether all lines of a TextSampleEntry are forced, by the bit that Apple has put into its display flags (3GPP TS 26.245 §5.16). */
export function isForcedText({ type, content }: SampleEntry): boolean {
  return type === "tx3g" && ((content[DISPLAY_FLAGS_OFFSET] ?? 0) & ALL_FORCED) !== 0;
}

/** Behind the fields of a SampleEntry. */
const DISPLAY_FLAGS_OFFSET = 8;
/** In the first of four bytes. */
const ALL_FORCED = 0x80;

/** The boxes in a VisualSampleEntry, behind its fields. Throws `damaged_media` if it is cut off. */
export function videoEntryBoxes(entry: SampleEntry): Uint8Array {
  return new ByteCursor(entry.content, "video description").skip(78).rest();
}

/** The boxes in an AudioSampleEntry, behind its fields. Throws `damaged_media` if it is cut off. */
export function audioEntryBoxes(entry: SampleEntry): Uint8Array {
  const cursor = new ByteCursor(entry.content, "audio description").skip(8);
  const quickTimeVersion = cursor.u16();
  cursor.skip(18);
  cursor.skip(Math.min(QUICKTIME_EXTRA_BYTES[quickTimeVersion] ?? 0, cursor.remaining));
  const children = cursor.rest();
  // QuickTime wraps the codec's boxes into a `wave` box.
  return boxAt(children, "wave") ?? children;
}

/** QuickTime File Format, "Sound Sample Description (Version 1)" and "(Version 2)": fields before the first child. */
const QUICKTIME_EXTRA_BYTES = [0, 16, 36];

interface VideoCodecParameters {
  readonly codec: VideoCodec;
  readonly codecString: string | undefined;
  /** What its configuration tells of the pictures. */
  readonly format?: PictureFormat | undefined;
}

interface AudioCodecParameters
  extends Partial<Pick<AudioTrack, "channels" | "channelLayout" | "sampleRateHz" | "bitDepth">> {
  readonly codec: AudioCodec;
  readonly codecString?: string | undefined;
}

const UNKNOWN = { codec: "unknown", codecString: undefined } as const;

type ParseVideo = (children: Uint8Array, entryType: string) => VideoCodecParameters;

const avc: ParseVideo = (children, entryType) => {
  const record = boxAt(children, "avcC");
  return {
    codec: "h264",
    codecString: record && avcCodecString(record, entryType),
    format: record && pictureFormatOf("h264", record),
  };
};

const hevc: ParseVideo = (children, entryType) => {
  const record = boxAt(children, "hvcC");
  return {
    codec: "hevc",
    codecString: record && hevcCodecString(record, entryType),
    format: record && pictureFormatOf("hevc", record),
  };
};

const av1: ParseVideo = (children) => {
  const record = boxAt(children, "av1C");
  return {
    codec: "av1",
    codecString: record && av1CodecString(record),
    format: record && pictureFormatOf("av1", record),
  };
};

/** VPCodecConfigurationRecord (VP Codec ISO Media File Format Binding), behind version and flags. */
const vp9: ParseVideo = (children) => {
  const record = boxAt(children, "vpcC");
  if (record === undefined || record.length < 7) return { codec: "vp9", codecString: undefined };
  const [profile = 0, level = 0, depths = 0, primaries, transfer, matrix] = record.subarray(4);
  const bitDepth = depths >> 4;
  const codecString = vp9CodecString({ profile, level, bitDepth });
  // Version 0 was a draft, with other fields behind the depth.
  if (record[0] !== 1 || matrix === undefined) return { codec: "vp9", codecString };
  const format = {
    ...vp9Format({ profile, level, bitDepth, chromaSubsampling: (depths >> 1) & 7 }),
    colour: colourOf({ primaries, transfer, matrix, isFullRange: (depths & 1) === 1 }),
  };
  return { codec: "vp9", codecString, format };
};

const elementaryVideo: ParseVideo = (children) => {
  const stream = elementaryStream(children);
  return { codec: VIDEO_OBJECT_TYPES.get(stream?.objectType ?? 0) ?? "mpeg4", codecString: undefined };
};

function videoCodec(codec: VideoCodec, codecString?: string): ParseVideo {
  return () => ({ codec, codecString });
}

const VIDEO_ENTRIES = new Map<string, ParseVideo>([
  ["avc1", avc],
  ["avc3", avc],
  ["hvc1", hevc],
  ["hev1", hevc],
  // Dolby Vision over HEVC: the base layer plays as HEVC.
  ["dvh1", hevc],
  ["dvhe", hevc],
  ["av01", av1],
  ["vp09", vp9],
  ["vp08", videoCodec("vp8", "vp08")],
  ["mp4v", elementaryVideo],
  ["vc-1", videoCodec("vc1")],
  ["jpeg", videoCodec("mjpeg")],
  ["mjpa", videoCodec("mjpeg")],
]);

/** Object types of visual streams, ISO/IEC 14496-1 table 5 and https://mp4ra.org. */
const VIDEO_OBJECT_TYPES = new Map<number, VideoCodec>([
  [0x20, "mpeg4"],
  [0x60, "mpeg2"],
  [0x61, "mpeg2"],
  [0x62, "mpeg2"],
  [0x63, "mpeg2"],
  [0x64, "mpeg2"],
  [0x65, "mpeg2"],
  [0x6a, "mpeg1"],
  [0x6c, "mjpeg"],
]);

type ParseAudio = (children: Uint8Array) => AudioCodecParameters;

const elementaryAudio: ParseAudio = (children) => {
  const stream = elementaryStream(children);
  const codec = AUDIO_OBJECT_TYPES.get(stream?.objectType ?? 0) ?? "unknown";
  return codec === "aac" ? { codec, ...aacParameters(stream?.decoderConfig ?? new Uint8Array(0)) } : { codec };
};

const ac3: ParseAudio = (children) => ({ codec: "ac3", ...ac3Sound(boxAt(children, "dac3")) });

const eac3: ParseAudio = (children) => ({ codec: "eac3", ...eac3Sound(boxAt(children, "dec3")) });

/** OpusSpecificBox (Encapsulation of Opus in ISOBMFF §4.3.2): version, channels, pre-skip, input rate. Opus decodes to 48 kHz. */
const opus: ParseAudio = (children) => ({
  codec: "opus",
  channels: boxAt(children, "dOps")?.[1],
  sampleRateHz: 48_000,
});

/** FLACSpecificBox (Encapsulation of FLAC in ISOBMFF §3.3.2): version and flags, a block header, STREAMINFO. */
const flac: ParseAudio = (children) => {
  const metadata = boxAt(children, "dfLa")?.subarray(4);
  const { channels, sampleRateHz } = (metadata && flacParameters(metadata.subarray(4))) ?? {};
  return { codec: "flac", channels, sampleRateHz, ...(metadata && flacSound(metadata)) };
};

/** ALACSpecificConfig (Apple Lossless Format, "Magic Cookie Description"): behind version and flags, frame length and a version. */
const alac: ParseAudio = (children) => ({ codec: "alac", bitDepth: boxAt(children, "alac")?.[9] });

function audioCodec(codec: AudioCodec): ParseAudio {
  return () => ({ codec });
}

const AUDIO_ENTRIES = new Map<string, ParseAudio>([
  ["mp4a", elementaryAudio],
  ["ac-3", ac3],
  ["ec-3", eac3],
  ["Opus", opus],
  ["fLaC", flac],
  ["alac", alac],
  [".mp3", audioCodec("mp3")],
  ["ms\0\x55", audioCodec("mp3")],
  ["dtsc", audioCodec("dts")],
  ["dtse", audioCodec("dts")],
  ["dtsh", audioCodec("dts")],
  ["dtsl", audioCodec("dts")],
  ["mlpa", audioCodec("truehd")],
  ...["sowt", "twos", "in24", "in32", "fl32", "fl64", "lpcm", "ipcm", "fpcm", "raw "].map(
    (type): [string, ParseAudio] => [type, audioCodec("pcm")],
  ),
]);

/** Object types of audio streams, ISO/IEC 14496-1 table 5 and https://mp4ra.org. */
const AUDIO_OBJECT_TYPES = new Map<number, AudioCodec>([
  [0x40, "aac"],
  [0x66, "aac"],
  [0x67, "aac"],
  [0x68, "aac"],
  [0x69, "mp3"],
  [0x6b, "mp3"],
  [0xa5, "ac3"],
  [0xa6, "eac3"],
  [0xa9, "dts"],
  [0xad, "opus"],
  [0xdd, "vorbis"],
]);

const SUBTITLE_ENTRIES = new Map<string, SubtitleCodec>([
  ["tx3g", "mov_text"],
  ["text", "mov_text"],
  ["wvtt", "webvtt"],
]);

function elementaryStream(children: Uint8Array): ElementaryStream | undefined {
  const esds = boxAt(children, "esds");
  return esds && parseElementaryStream(esds);
}
