import {
  type AudioCodec,
  type AudioTrack,
  type Container,
  type MediaInfo,
  mediaTypeOf,
  type VideoCodec,
  type VideoTrack,
} from "@riptide/media";

/** What a client says of itself: those of the `playbackQuestions` that it says yes to, and what else it knows. Untrusted. */
export interface ClientAbilities {
  /** Media types that `MediaSource.isTypeSupported` (or `ManagedMediaSource`) affirms. Empty without MSE. */
  readonly mse: readonly string[];
  /** Media types of whole files that `canPlayType` calls "probably" or "maybe". */
  readonly file: readonly string[];
  /** Whether a `<video src>` takes an HLS playlist. */
  readonly nativeHls: boolean;
  /** Channels that the loudspeakers take; what has more is mixed down here. Undefined: the client does that itself. */
  readonly maxAudioChannels?: number | undefined;
  /** Chromium and what is built on it. */
  readonly isChromium?: boolean | undefined;
  readonly isFirefox?: boolean | undefined;
}

/** Media types with codecs to ask a client for, each with one codec: a client may play the picture and not the sound. */
export interface PlaybackQuestions {
  readonly mse: readonly string[];
  readonly file: readonly string[];
}

/** What we convert to: H.264 High in 8 bits up to 1080p, and AAC-LC. */
export const CONVERTED_VIDEO = "avc1.640028";
export const CONVERTED_AUDIO = "mp4a.40.2";

type MediaTrack = VideoTrack | AudioTrack;

/** What a client has to be asked before `choosePlayback` can tell how it plays a file. */
export function playbackQuestions(info: MediaInfo): PlaybackQuestions {
  const tracks = info.tracks.filter((track) => track.kind !== "subtitle");
  const fileType = mediaTypeOf(info.container, info.tracks);
  const inFile = tracks.map((track) => typeWith(fileType, codecInFile(info.container, track)));
  const inFragments = tracks.map((track) => typeWith(`${track.kind}/mp4`, codecInFragments(track)));
  const converted = [typeWith("video/mp4", CONVERTED_VIDEO), typeWith("audio/mp4", CONVERTED_AUDIO)];
  // A client without MSE is asked what it plays in an MP4 file: so it plays fragments too.
  return { mse: distinct([...inFragments, ...converted]), file: distinct([...inFile, ...inFragments, ...converted]) };
}

/**
 * The codec of a track as a client names it in the container of the file; undefined if its headers do not tell. Two are called
 * differently: MP3 by its object type in MP4 (RFC 6381 §3.3), with the capital letter that Chromium wants, and VP9 by its name
 * alone in WebM.
 */
export function codecInFile(container: Container, track: MediaTrack): string | undefined {
  if (track.codec === "mp3") return container === "mp4" ? MP3_IN_MP4 : "mp3";
  return track.codecString === "vp9" && container !== "webm" ? TYPICAL_CODEC_STRINGS.vp9 : track.codecString;
}

/** The codec of a track as it will be called in the fragments that we make, if it is copied: HEVC as Safari wants it. */
export function codecInFragments(track: MediaTrack): string | undefined {
  const name = codecInFile("mp4", track) ?? TYPICAL_CODEC_STRINGS[track.codec];
  return name?.replace(/^hev1\./, "hvc1.");
}

const MP3_IN_MP4 = "mp4a.6B";

/** The codecs that a client affirms in any of some media types, in lower case. */
export function affirmedCodecs(affirmed: readonly string[], mediaTypes: readonly string[]): ReadonlySet<string> {
  const codecs = affirmed.slice(0, TYPES_LIMIT).flatMap((text) => {
    const [type = "", ...parameters] = text.toLowerCase().split(";");
    if (!mediaTypes.includes(type.trim())) return [];
    return parameters.flatMap((parameter) => /^\s*codecs\s*=([^=]*)$/.exec(parameter)?.[1]?.split(",") ?? []);
  });
  return new Set(codecs.map((codec) => codec.replace(/["'\s]/g, "")));
}

/** A file with all the tracks that we look at leads to no more questions. */
const TYPES_LIMIT = 512;

/** For tracks that are told by their packets only (MPEG-TS, VP9): what nearly all of that codec are, so that one may ask. */
const TYPICAL_CODEC_STRINGS: Readonly<Partial<Record<VideoCodec | AudioCodec, string>>> = {
  h264: CONVERTED_VIDEO,
  hevc: "hvc1.1.6.L120.90",
  av1: "av01.0.08M.08",
  vp9: "vp09.00.40.08",
  aac: CONVERTED_AUDIO,
};

function typeWith(mediaType: string, codec: string | undefined): string | undefined {
  return codec === undefined ? undefined : `${mediaType}; codecs="${codec}"`;
}

function distinct(texts: readonly (string | undefined)[]): string[] {
  return [...new Set(texts.filter((text) => text !== undefined))];
}
