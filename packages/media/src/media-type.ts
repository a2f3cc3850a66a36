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
