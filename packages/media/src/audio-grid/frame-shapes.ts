import { MediaError } from "@riptide/core";
import { damagedMedia } from "../damaged.ts";
import type { AudioCodec } from "../media-info.ts";
import type { CodedTrack } from "../packet.ts";
import * as frameFormats from "./frame-formats.ts";
import * as frameMeters from "./frame-meters.ts";
import { readVorbisModes, vorbisMeter } from "./vorbis-meter.ts";

/** The codecs that we transcode, by the names that `AudioTrack` has for them. */
export type TranscodableCodec = Extract<AudioCodec, "ac3" | "eac3" | "dts" | "mp2" | "mp3" | "flac" | "vorbis" | "pcm">;

/** Samples of one channel that a frame is decoded to, after `previous`; undefined if its header is damaged. */
type FrameMeter = (frame: Uint8Array, previous: Uint8Array | undefined) => number | undefined;

/** Rate and channels of a decoded frame, as a word to compare; undefined if its header is damaged. */
type FrameFormat = (frame: Uint8Array) => string | undefined;

/** How PCM lies in the file. */
export interface PcmFormat {
  readonly encoding: "little_endian" | "big_endian" | "float";
  readonly bitsPerSample: number;
}

/** How the frames of a track follow each other, and how its decoder is told what they are. */
export interface FrameShape {
  readonly codec: TranscodableCodec;
  /** Of a frame; of the longest one, if they differ. */
  readonly frameSamples: number;
  /** Frames start at multiples of this, counted from the first one: their length, if all have the same. */
  readonly stepSamples: number;
  readonly measure: FrameMeter;
  readonly formatOf: FrameFormat;
  /** Frames until the output of a fresh decoder no longer depends on what it did not see. */
  readonly warmupFrames: number;
  /** Whether the first frame that a decoder sees only prepares it for the next one. */
  readonly isFirstFrameSilent: boolean;
  /** Matroska's CodecID and CodecPrivate (Matroska Codec Specifications §4.4). */
  readonly codecId: string;
  readonly codecPrivate: Uint8Array;
  readonly bitsPerSample: number | undefined;
}

/**
 * The shape of a track's frames, as its configuration and its first frame tell it.
 * Throws `MediaError` `unsupported_media` for other codecs, `damaged_media` without what their decoder has to know.
 */
export function frameShapeOf(track: CodedTrack, firstFrame: Uint8Array, pcm: PcmFormat | undefined): FrameShape {
  const codec = track.track.kind === "audio" ? track.track.codec : "unknown";
  switch (codec) {
    case "ac3":
      return shape(
        { codec, codecId: "A_AC3", warmupFrames: 1, formatOf: frameFormats.ac3Format },
        firstFrame,
        frameMeters.ac3Samples,
        1536,
      );
    case "eac3":
      return shape(
        { codec, codecId: "A_EAC3", warmupFrames: 1, formatOf: frameFormats.eac3Format },
        firstFrame,
        frameMeters.eac3Samples,
        1536,
      );
    case "dts":
      return shape(
        { codec, codecId: "A_DTS", warmupFrames: 2, formatOf: frameFormats.dtsFormat },
        firstFrame,
        frameMeters.dtsSamples,
        512,
      );
    case "mp2":
      return shape(
        { codec, codecId: "A_MPEG/L2", warmupFrames: 2, formatOf: frameFormats.mpegAudioFormat },
        firstFrame,
        frameMeters.mpegAudioSamples,
        1152,
      );
    case "mp3":
      // Nine frames of bit reservoir (ISO/IEC 11172-3 §2.4.2.7), and one of overlap.
      return shape(
        { codec, codecId: "A_MPEG/L3", warmupFrames: 10, formatOf: frameFormats.mpegAudioFormat },
        firstFrame,
        frameMeters.mpegAudioSamples,
        1152,
      );
    case "flac":
      return flacShape(track.configuration);
    case "vorbis":
      return vorbisShape(track.configuration);
    case "pcm":
      return pcmShape(track, firstFrame, pcm);
    case "aac":
    case "opus":
    case "truehd":
    case "alac":
    case "wma":
    case "speex":
    case "unknown":
      throw new MediaError("unsupported_media", "The sound of this file has a format that cannot be converted.");
  }
}

type Named = Pick<FrameShape, "codec" | "codecId" | "warmupFrames" | "formatOf">;

/** Frames that are all as long as the first one, or as long as usual if that is damaged. */
function shape(named: Named, firstFrame: Uint8Array, measure: FrameMeter, usualSamples: number): FrameShape {
  const frameSamples = measure(firstFrame, undefined) ?? usualSamples;
  return { ...COMMON, frameSamples, stepSamples: frameSamples, measure, ...named };
}

const NOTHING = new Uint8Array(0);

const COMMON = {
  isFirstFrameSilent: false,
  codecPrivate: NOTHING,
  bitsPerSample: undefined,
  // What is told once for the whole track.
  formatOf: () => undefined,
};

const STREAM_INFO_LENGTH_BYTES = 34;
const FLAC_MARKER = [0x66, 0x4c, 0x61, 0x43];
/** Header of a STREAMINFO that is the last metadata block (RFC 9639 §8.1). */
const LAST_STREAM_INFO = [0x80, 0, 0, STREAM_INFO_LENGTH_BYTES];

/** Every frame of FLAC stands for itself: no warm-up. */
function flacShape(configuration: Uint8Array): FrameShape {
  const streamInfo = streamInfoOf(configuration);
  const view = new DataView(streamInfo.buffer, streamInfo.byteOffset);
  const [minSamples, maxSamples] = [view.getUint16(0), view.getUint16(2)];
  if (maxSamples === 0) throw damagedMedia("its FLAC header says that frames are empty");
  return {
    ...COMMON,
    codec: "flac",
    codecId: "A_FLAC",
    warmupFrames: 0,
    frameSamples: maxSamples,
    // RFC 9639 §8.2: equal sizes imply that only the last block is shorter.
    stepSamples: minSamples === maxSamples ? maxSamples : 1,
    measure: frameMeters.flacSamples,
    formatOf: frameFormats.flacFormat,
    codecPrivate: Uint8Array.of(...FLAC_MARKER, ...LAST_STREAM_INFO, ...streamInfo),
  };
}

/** STREAMINFO from metadata blocks with or without the `fLaC` in front, or by itself, as ffmpeg keeps it. */
function streamInfoOf(configuration: Uint8Array): Uint8Array {
  const hasMarker = FLAC_MARKER.every((byte, index) => configuration[index] === byte);
  const blocks = hasMarker ? configuration.subarray(FLAC_MARKER.length) : configuration;
  const start = blocks.length === STREAM_INFO_LENGTH_BYTES ? 0 : LAST_STREAM_INFO.length;
  const streamInfo = blocks.subarray(start, start + STREAM_INFO_LENGTH_BYTES);
  if (streamInfo.length === STREAM_INFO_LENGTH_BYTES) return streamInfo;
  throw damagedMedia("its FLAC header is cut off");
}

/** A packet overlaps with the one before it: the first one gives no sound, the second one all of its own. */
function vorbisShape(configuration: Uint8Array): FrameShape {
  const modes = readVorbisModes(configuration);
  return {
    ...COMMON,
    codec: "vorbis",
    codecId: "A_VORBIS",
    warmupFrames: 1,
    isFirstFrameSilent: true,
    frameSamples: modes.longSamples / 2,
    // Of lengths (a + b) / 4, where a and b are powers of two.
    stepSamples: Math.max(1, (modes.hasOneSize ? 2 : 1) * (modes.shortSamples / 4)),
    measure: vorbisMeter(modes),
    codecPrivate: configuration,
  };
}

const PCM_CODEC_IDS = {
  little_endian: "A_PCM/INT/LIT",
  big_endian: "A_PCM/INT/BIG",
  float: "A_PCM/FLOAT/IEEE",
} as const;

const PCM_CHANNELS_MAX = 64;

function pcmShape({ track }: CodedTrack, firstFrame: Uint8Array, pcm: PcmFormat | undefined): FrameShape {
  const channels = track.kind === "audio" ? (track.channels ?? 0) : 0;
  const isKnown = pcm !== undefined && [8, 16, 24, 32, 64].includes(pcm.bitsPerSample);
  if (!isKnown || channels < 1 || channels > PCM_CHANNELS_MAX) {
    throw new MediaError("unsupported_media", "The sound of this file is uncompressed in a way that is not known.");
  }
  const measure = frameMeters.pcmMeter((channels * pcm.bitsPerSample) / 8);
  const frameSamples = Math.max(1, measure(firstFrame) ?? 1);
  return {
    ...COMMON,
    codec: "pcm",
    codecId: PCM_CODEC_IDS[pcm.encoding],
    warmupFrames: 0,
    frameSamples,
    stepSamples: frameSamples,
    measure,
    bitsPerSample: pcm.bitsPerSample,
  };
}
