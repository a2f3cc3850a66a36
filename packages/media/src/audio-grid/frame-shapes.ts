import { MediaError } from "@riptide/core";
import { damagedMedia } from "../damaged.ts";
import type { CodedTrack } from "../packet.ts";
import { alacShape } from "./alac-shape.ts";
import * as frameFormats from "./frame-formats.ts";
import * as frameMeters from "./frame-meters.ts";
import { COMMON, type FrameMeter, type FrameShape } from "./frame-shape.ts";
import { pcmShape } from "./pcm-shape.ts";
import { readVorbisModes, vorbisMeter } from "./vorbis-meter.ts";

/**
 * The shape of a track's frames, as its configuration and its first frame tell it.
 * Throws `MediaError` `unsupported_media` for other codecs, `damaged_media` without what their decoder has to know.
 */
export function frameShapeOf(track: CodedTrack, firstFrame: Uint8Array): FrameShape {
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
      return pcmShape(track, firstFrame);
    case "alac":
      return alacShape(track.configuration);
    case "aac":
    case "opus":
    case "truehd":
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
