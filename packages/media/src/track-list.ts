import { layoutOfChannels } from "./codecs/channel-layout.ts";
import type { AudioTrack, SubtitleTrack, Track, VideoTrack } from "./media-info.ts";

/** More tracks than any real file has; the rest of a hostile list is dropped. */
export const TRACKS_LIMIT = 128;

type Draft<Kind extends Track> = Pick<Kind, "codec" | "codecTag"> & Partial<Omit<Kind, "kind" | "index">>;

/** A track before it has its place among the tracks of its kind. */
export type TrackDraft = Omit<VideoTrack, "index"> | Omit<AudioTrack, "index"> | Omit<SubtitleTrack, "index">;

const UNNAMED = { language: undefined, title: undefined, isDefault: false, isCommentary: false };

/** What a container says of a video track; what it does not say, or says impossibly, is undefined. */
export function videoTrack(draft: Draft<VideoTrack>): TrackDraft {
  return {
    ...UNNAMED,
    codecString: undefined,
    ...draft,
    kind: "video",
    widthPixels: positive(draft.widthPixels),
    heightPixels: positive(draft.heightPixels),
    framesPerSecond: positive(draft.framesPerSecond),
  };
}

/** As `videoTrack`. */
export function audioTrack(draft: Draft<AudioTrack>): TrackDraft {
  const channels = positive(draft.channels);
  return {
    ...UNNAMED,
    isForVisuallyImpaired: false,
    ...draft,
    kind: "audio",
    codecString: draft.codecString ?? AUDIO_CODEC_STRINGS[draft.codec],
    channels,
    channelLayout: draft.channelLayout ?? layoutOfChannels(draft.codec, channels),
    bitDepth: LOSSLESS_CODECS.has(draft.codec) ? positive(draft.bitDepth) : undefined,
    sampleRateHz: positive(draft.sampleRateHz),
  };
}

/** As `videoTrack`. */
export function subtitleTrack(draft: Draft<SubtitleTrack>): TrackDraft {
  return { ...UNNAMED, isForced: false, isForHearingImpaired: false, ...draft, kind: "subtitle" };
}

/** Gives each track its index among those of its kind, in the order of the file. */
export function numberTracks(drafts: readonly TrackDraft[]): Track[] {
  const counts = { video: 0, audio: 0, subtitle: 0 };
  return drafts.slice(0, TRACKS_LIMIT).map((draft) => {
    const index = counts[draft.kind];
    counts[draft.kind] += 1;
    return { ...draft, index };
  });
}

/** The number if it counts something, else undefined: zero, NaN and Infinity stand for "unknown" in every container. */
export function positive(value: number | undefined): number | undefined {
  return value !== undefined && Number.isFinite(value) && value > 0 ? value : undefined;
}

/** Others have no depth, whatever their container claims. */
const LOSSLESS_CODECS: ReadonlySet<AudioTrack["codec"]> = new Set(["flac", "alac", "pcm", "truehd"]);

/** RFC 6381 strings of the audio codecs that need no parameters (https://mp4ra.org, Codecs). */
const AUDIO_CODEC_STRINGS: Partial<Record<AudioTrack["codec"], string>> = {
  mp3: "mp4a.6b",
  ac3: "ac-3",
  eac3: "ec-3",
  dts: "dtsc",
  truehd: "mlpa",
  opus: "opus",
  vorbis: "vorbis",
  flac: "flac",
  alac: "alac",
};
