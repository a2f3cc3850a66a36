import { MediaError } from "@riptide/core";
import type {
  AudioCodec,
  AudioTrack,
  Container,
  MediaInfo,
  TranscodableCodec,
  VideoCodec,
  VideoTrack,
} from "@riptide/media";
import {
  type AudioPlan,
  type Demuxer,
  type PictureShape,
  type RemuxPlan,
  TRACKS_LIMIT,
  type VideoPlan,
} from "@riptide/transcode";
import { chosenAudio, chosenVideo } from "./chosen-tracks.ts";

/**
 * Plans how a file becomes fragmented MP4: tracks that MP4 and browsers can hold are copied, the others transcoded to H.264 and
 * AAC. The picture is the first video track; the sound is the track that `audioIndex` names, or the default one. What
 * `isConverted` names is transcoded even where MP4 could hold it: not every browser plays all that others do.
 *
 * Throws `MediaError` `unsupported_media` if there is nothing to play, if the picture is in a format we do not know (rather
 * than play without it), or if `audioIndex` is no track.
 */
export function planRemux(info: MediaInfo, audioIndex?: number, isConverted: ConvertedTracks = {}): RemuxPlan {
  const video = planVideo(info, isConverted.video);
  const audio = planAudio(info, audioIndex, isConverted.audio);
  if (video === undefined && audio === undefined) {
    throw unsupported("This file has no picture and no sound that Riptide can play. Choose another file.");
  }
  return { demuxer: DEMUXERS[info.container], video, audio };
}

/** The tracks that are transcoded whatever they are. */
export interface ConvertedTracks {
  readonly video?: boolean;
  readonly audio?: boolean;
}

const DEMUXERS: Readonly<Record<Container, Demuxer>> = {
  mp4: "mov",
  matroska: "matroska",
  webm: "matroska",
  avi: "avi",
  mpegts: "mpegts",
  flv: "flv",
  asf: "asf",
  ogg: "ogg",
};

function planVideo(info: MediaInfo, isConverted = false): VideoPlan | undefined {
  const chosen = chosenVideo(info);
  if (chosen !== undefined) {
    const codec = isConverted ? "h264" : videoTreatment(info.container, chosen);
    return { index: chosen.index, codec, ...(codec === "h264" && { shape: shapeOf(chosen) }) };
  }
  if (info.tracks.every(({ kind }) => kind !== "video")) return undefined;
  throw unsupported("The picture of this file is in a format that Riptide cannot convert. Download it instead.");
}

function shapeOf({ codec, widthPixels, heightPixels, framesPerSecond }: VideoTrack): PictureShape {
  return { widthPixels, heightPixels, framesPerSecond, isDearToDecode: DEAR_TO_DECODE.has(codec) };
}

const DEAR_TO_DECODE: ReadonlySet<VideoCodec> = new Set(["hevc", "av1", "vp9"]);

/** How a picture gets into MP4: whatever MP4 and browsers can hold is copied. */
export function videoTreatment(container: Container, { codec, codecTag }: VideoTrack): VideoPlan["codec"] {
  if (container === "avi" || codecTag === VFW_CODEC_ID) return "h264";
  if (codec === "hevc") return "copy_hevc";
  return codec === "h264" || codec === "av1" || codec === "vp9" ? "copy" : "h264";
}

/**
 * Video for Windows, in AVI or wrapped into Matroska, has no presentation times: copied, the frames of a film with B-frames
 * would be shown in the wrong order.
 */
const VFW_CODEC_ID = "V_MS/VFW/FOURCC";

function planAudio(info: MediaInfo, audioIndex: number | undefined, isConverted = false): AudioPlan | undefined {
  const chosen = chosenAudio(info, audioIndex);
  if (chosen === undefined && audioIndex !== undefined) {
    throw unsupported(`This file has no playable audio track ${audioIndex}. Choose one of those that it lists.`);
  }
  return chosen && audioPlan(info, chosen, isConverted);
}

function audioPlan({ container, tracks }: MediaInfo, track: AudioTrack, isConverted: boolean): AudioPlan {
  const codec = isConverted ? "aac" : audioTreatment(container, track);
  if (container !== "mpegts") return { index: track.index, codec };
  // ffmpeg splits a TrueHD stream of a transport stream in two: itself, and the AC-3 that lies in it.
  const splitBefore = tracks.filter((other) => other.codec === "truehd" && other.index < track.index).length;
  return { index: Math.min(track.index + splitBefore, TRACKS_LIMIT - 1), codec };
}

/** How a sound gets into MP4. MP3 plays there where a file is played, but not through MSE, so it is transcoded too. */
export function audioTreatment(container: Container, { codec, codecTag, codecString }: AudioTrack): AudioPlan["codec"] {
  const isAdts = codecTag === ADTS_STREAM_TYPE || codecString !== undefined;
  if (container === "mpegts") return codec === "aac" && isAdts ? "copy_adts" : "aac";
  if (container === "avi" || container === "asf") return "aac";
  return COPIED_AUDIO.has(codec) ? "copy" : "aac";
}

/**
 * Sounds that can be converted to AAC segment by segment. Not TrueHD, whose access units of 40 samples are
 * shorter than the millisecond that Matroska tells their times in, and not WMA, whose packets begin within frames of the one before.
 */
export const SEGMENT_CONVERTIBLE_AUDIO: ReadonlySet<AudioCodec> = new Set([
  "ac3",
  "eac3",
  "dts",
  "mp2",
  "mp3",
  "flac",
  "vorbis",
  "pcm",
  "alac",
] satisfies TranscodableCodec[]);

const COPIED_AUDIO: ReadonlySet<AudioCodec> = new Set(["aac", "opus", "flac"]);
/** ISO/IEC 13818-1 table 2-34: AAC with ADTS headers, which tell its parameters. LATM ones are not read, and cannot be copied. */
const ADTS_STREAM_TYPE = "0x0f";

function unsupported(message: string): MediaError {
  return new MediaError("unsupported_media", message);
}
