/** Containers we recognise by content. `matroska` and `webm` differ by EBML DocType, `mp4` includes MOV and M4A. */
export type Container = "mp4" | "matroska" | "webm" | "avi" | "mpegts" | "flv" | "asf" | "ogg";

/**
 * Codecs by one name each, whatever the container calls them. `unknown` keeps the container's own name in
 * `Track.codecTag`.
 */
export type VideoCodec =
  | "h264"
  | "hevc"
  | "av1"
  | "vp8"
  | "vp9"
  | "mpeg4"
  | "msmpeg4"
  | "mpeg1"
  | "mpeg2"
  | "vc1"
  | "wmv"
  | "theora"
  | "flv1"
  | "vp6"
  | "mjpeg"
  | "unknown";
export type AudioCodec =
  | "aac"
  | "mp3"
  | "mp2"
  | "ac3"
  | "eac3"
  | "dts"
  | "truehd"
  | "opus"
  | "vorbis"
  | "flac"
  | "alac"
  | "pcm"
  | "wma"
  | "speex"
  | "unknown";
export type SubtitleCodec = "srt" | "ass" | "webvtt" | "pgs" | "vobsub" | "dvb" | "mov_text" | "unknown";

interface TrackBase {
  /** Position among the tracks of its kind, from 0: what `?audio=` and ffmpeg's `0:a:N` count. */
  readonly index: number;
  /** The container's own name of the codec (`V_MPEG4/ISO/AVC`, `avc1`, `XVID`, …). Untrusted text, at most 64 characters. */
  readonly codecTag: string;
  /** BCP 47 or ISO 639-2 as the file says, or undefined. Untrusted. */
  readonly language: string | undefined;
  /** Untrusted, at most 200 characters. */
  readonly title: string | undefined;
  readonly isDefault: boolean;
}

export interface VideoTrack extends TrackBase {
  readonly kind: "video";
  readonly codec: VideoCodec;
  /**
   * RFC 6381 codec string (`avc1.640028`) where the headers suffice to build it. VP9 in WebM often comes without
   * parameters; it is then the bare `vp9`.
   */
  readonly codecString: string | undefined;
  readonly widthPixels: number | undefined;
  readonly heightPixels: number | undefined;
  readonly framesPerSecond: number | undefined;
}

export interface AudioTrack extends TrackBase {
  readonly kind: "audio";
  readonly codec: AudioCodec;
  readonly codecString: string | undefined;
  readonly channels: number | undefined;
  readonly sampleRateHz: number | undefined;
}

export interface SubtitleTrack extends TrackBase {
  readonly kind: "subtitle";
  readonly codec: SubtitleCodec;
  /** Only what is foreign to the film's own language, or written in the picture: shown to everybody. */
  readonly isForced: boolean;
  /** Also tells who speaks, and sounds. */
  readonly isForHearingImpaired: boolean;
}

export type Track = VideoTrack | AudioTrack | SubtitleTrack;

/** What the key index of a file rests on and where it lies. */
export interface KeyIndexSummary {
  readonly kind: "cues" | "stss" | "sidx" | "idx1";
  /**
   * Where the Cues, the moov that holds the stss, the sidx or the idx1 starts, if the headers tell. What they tell is
   * not verified: the index is read in a step of its own.
   */
  readonly startByte: number | undefined;
}

export interface MediaInfo {
  readonly container: Container;
  readonly durationSeconds: number | undefined;
  readonly tracks: readonly Track[];
  readonly keyIndex: KeyIndexSummary | undefined;
  /** MP4: whether `moov` lies before `mdat`. Undefined for other containers. */
  readonly isFastStart: boolean | undefined;
}
