import type { AudioTrack, Container, MediaInfo, SubtitleTrack, Track, VideoTrack } from "../../src/index.ts";

const common = { index: 0, codecTag: "", language: undefined, title: undefined, isDefault: false };

export function mediaInfo(container: Container, tracks: readonly Track[], rest: Partial<MediaInfo> = {}): MediaInfo {
  return { container, tracks, durationSeconds: 60, keyIndex: undefined, isFastStart: undefined, ...rest };
}

export function videoTrack(codec: VideoTrack["codec"], rest: Partial<VideoTrack> = {}): VideoTrack {
  const unknown = {
    codecString: undefined,
    widthPixels: undefined,
    heightPixels: undefined,
    framesPerSecond: undefined,
  };
  return { ...common, ...unknown, kind: "video", codec, ...rest };
}

export function audioTrack(codec: AudioTrack["codec"], rest: Partial<AudioTrack> = {}): AudioTrack {
  return {
    ...common,
    codecString: undefined,
    channels: undefined,
    sampleRateHz: undefined,
    kind: "audio",
    codec,
    ...rest,
  };
}

export function subtitleTrack(rest: Partial<SubtitleTrack> = {}): SubtitleTrack {
  return { ...common, kind: "subtitle", codec: "srt", isForced: false, isForHearingImpaired: false, ...rest };
}
