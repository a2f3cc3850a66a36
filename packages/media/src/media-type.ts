import type { Container, Track } from "./media-info.ts";

/**
 * The media type to label a response with (RFC 9110 §8.3.1). Without tracks, or with a video track among them, it is the
 * one for video.
 */
export function mediaTypeOf(container: Container, tracks: readonly Track[] = []): string {
  const { video, audio } = MEDIA_TYPES[container];
  const isAudioOnly = tracks.length > 0 && tracks.every(({ kind }) => kind !== "video");
  return isAudioOnly ? audio : video;
}

/**
 * A guess from the name, for lists of files that nobody has read yet. A name can lie: never choose a producer, a
 * demuxer or a response header by it.
 */
export function guessMediaType(path: string): string {
  const extension = /\.([^./\\]+)$/.exec(path)?.[1]?.toLowerCase() ?? "";
  return TYPES_BY_EXTENSION.get(extension) ?? "application/octet-stream";
}

const MEDIA_TYPES: Readonly<Record<Container, { readonly video: string; readonly audio: string }>> = {
  mp4: { video: "video/mp4", audio: "audio/mp4" },
  matroska: { video: "video/x-matroska", audio: "audio/x-matroska" },
  webm: { video: "video/webm", audio: "audio/webm" },
  avi: { video: "video/x-msvideo", audio: "video/x-msvideo" },
  mpegts: { video: "video/mp2t", audio: "video/mp2t" },
  flv: { video: "video/x-flv", audio: "video/x-flv" },
  asf: { video: "video/x-ms-asf", audio: "audio/x-ms-wma" },
  ogg: { video: "video/ogg", audio: "audio/ogg" },
};

const TYPES_BY_EXTENSION: ReadonlyMap<string, string> = new Map([
  ["mp4", "video/mp4"],
  ["m4v", "video/mp4"],
  ["mov", "video/quicktime"],
  ["mkv", "video/x-matroska"],
  ["webm", "video/webm"],
  ["avi", "video/x-msvideo"],
  ["divx", "video/x-msvideo"],
  ["ts", "video/mp2t"],
  ["m2ts", "video/mp2t"],
  ["mts", "video/mp2t"],
  ["flv", "video/x-flv"],
  ["wmv", "video/x-ms-asf"],
  ["asf", "video/x-ms-asf"],
  ["ogv", "video/ogg"],
  ["ogm", "video/ogg"],
  ["mp3", "audio/mpeg"],
  ["m4a", "audio/mp4"],
  ["aac", "audio/aac"],
  ["mka", "audio/x-matroska"],
  ["ogg", "audio/ogg"],
  ["oga", "audio/ogg"],
  ["opus", "audio/ogg"],
  ["flac", "audio/flac"],
  ["wav", "audio/wav"],
  ["wma", "audio/x-ms-wma"],
  ["srt", "application/x-subrip"],
  ["vtt", "text/vtt"],
  ["ass", "text/x-ssa"],
  ["ssa", "text/x-ssa"],
  ["jpg", "image/jpeg"],
  ["jpeg", "image/jpeg"],
  ["png", "image/png"],
]);
