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
  /** Somebody talks about the film, or it is what they say, written down. */
  readonly isCommentary?: boolean;
}

/**
 * How the numbers of a picture stand for light, by the code points of ITU-T H.273 (ISO/IEC 23091-2); 2 is "unspecified".
 */
export interface VideoColour {
  readonly primaries: number;
  readonly transfer: number;
  readonly matrix: number;
  /** Whether numbers use their whole range (as in JPEG), or keep away from its ends. Undefined if it is not said. */
  readonly isFullRange: boolean | undefined;
}

export type DynamicRange = "sdr" | "hdr10" | "hlg" | "dolby_vision";

/** What the configuration record of Dolby Vision says (Dolby Vision Streams within the ISO Base Media File Format §3.2). */
export interface DolbyVision {
  readonly profile: number;
  readonly level: number;
  /** What decoders show that know nothing of Dolby Vision; undefined if they show false colours. */
  readonly baseLayer: Exclude<DynamicRange, "dolby_vision"> | undefined;
}

/** As J:a:b of the field: halved in width, in both directions, in height, not at all, or without colours. */
export type ChromaSubsampling = "4:2:2" | "4:2:0" | "4:4:0" | "4:4:4" | "4:0:0";

/** How wide a pixel is shown for its height. Whole numbers without a common divisor, of 32 bits. */
export interface PixelAspectRatio {
  readonly width: number;
  readonly height: number;
}

/** How pictures are coded and shown, as far as the headers tell: what a container says goes before what its stream says. */
export interface PictureFormat {
  /** As the specification of the codec names it: `High`, `Main 10`, `Profile 0`. */
  readonly profile?: string | undefined;
  /** As it is written: 4.1. */
  readonly level?: number | undefined;
  readonly bitDepth?: number | undefined;
  readonly chromaSubsampling?: ChromaSubsampling | undefined;
  readonly colour?: VideoColour | undefined;
  /** By the transfer function of `colour`, and by `dolbyVision`. What says nothing is shown as SDR. */
  readonly dynamicRange?: DynamicRange | undefined;
  readonly dolbyVision?: DolbyVision | undefined;
  /** Undefined if it is not said: pixels are square then. */
  readonly pixelAspectRatio?: PixelAspectRatio | undefined;
  /** How far the picture is turned clockwise when it is shown: 0, 90, 180 or 270. Only MP4 says. */
  readonly rotationDegrees?: number | undefined;
}

export interface VideoTrack extends TrackBase, PictureFormat {
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
  /** `mono`, `stereo`, `5.1`, `7.1` and the like; channels at the sides and at the back are not told apart. */
  readonly channelLayout?: string | undefined;
  readonly sampleRateHz: number | undefined;
  /** Of codecs that lose nothing. */
  readonly bitDepth?: number | undefined;
  /** Also tells what is seen. */
  readonly isForVisuallyImpaired?: boolean;
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

/** A part of a film with a name. */
export interface Chapter {
  readonly startSeconds: number;
  /** Undefined for a last one that nothing ends. */
  readonly endSeconds: number | undefined;
  /** Untrusted, at most 200 characters. */
  readonly title: string | undefined;
}
