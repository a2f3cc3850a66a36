import type { AudioTrack, MediaInfo, SubtitleTrack, Track, VideoTrack } from "@riptide/media";
import { TRACKS_LIMIT } from "@riptide/transcode";

/** The picture of a film: its first video track that we know. A still picture (cover art) only if there is no other. */
export function chosenVideo({ tracks }: MediaInfo): VideoTrack | undefined {
  const usable = tracks.filter((track) => track.kind === "video").filter(isUsable);
  return usable.find(({ codec }) => codec !== "mjpeg") ?? usable[0];
}

/** The sound of a film: the track that `audioIndex` names, or else the default one, of those that we know. */
export function chosenAudio(info: MediaInfo, audioIndex?: number): AudioTrack | undefined {
  const usable = usableAudio(info);
  if (audioIndex !== undefined) return usable.find(({ index }) => index === audioIndex);
  return usable.find(({ isDefault }) => isDefault) ?? usable[0];
}

/** The sound tracks that we know. */
export function usableAudio({ tracks }: MediaInfo): AudioTrack[] {
  return tracks.filter((track) => track.kind === "audio").filter(isUsable);
}

/** The subtitles that are text, and can be sent as WebVTT. */
export function textTracks({ tracks }: MediaInfo): SubtitleTrack[] {
  return tracks.filter((track) => track.kind === "subtitle").filter(({ codec }) => TEXT_CODECS.has(codec));
}

export const TEXT_CODECS: ReadonlySet<SubtitleTrack["codec"]> = new Set(["srt", "ass", "webvtt", "mov_text"]);

function isUsable(track: Track): boolean {
  return track.codec !== "unknown" && track.index < TRACKS_LIMIT;
}
