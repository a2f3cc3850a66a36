/** The demuxers that ffmpeg may use, by its own names. */
export type Demuxer = "matroska" | "mov" | "mpegts" | "avi" | "flv" | "asf" | "ogg";

/** What is known of a picture that is converted: it decides how much work that is. */
export interface PictureShape {
  readonly widthPixels: number | undefined;
  readonly heightPixels: number | undefined;
  readonly framesPerSecond: number | undefined;
  /** Whether its codec is one whose decoding takes a multiple of that of the old ones. */
  readonly isDearToDecode: boolean;
}

/** A picture track: its position among the video tracks of the source, and how it gets into MP4. */
export interface VideoPlan {
  readonly index: number;
  /** `copy_hevc` is a copy under the sample entry that Safari wants (`hvc1`); `h264` is a transcode. */
  readonly codec: "copy" | "copy_hevc" | "h264";
  /** Only of what is converted; a picture of which nothing is known is taken for one of 1080p. */
  readonly shape?: PictureShape;
}

/** A sound track: its position among the audio tracks of the source, and how it gets into MP4. */
export interface AudioPlan {
  readonly index: number;
  /** `copy_adts` copies AAC whose frames carry ADTS headers; `aac` is a transcode to stereo. */
  readonly codec: "copy" | "copy_adts" | "aac";
}

/** A source that is Matroska of our own making: its times are those of the film, `leadSeconds` later. */
export interface EnvelopePlan {
  readonly leadSeconds: number;
  /** Time in the film before which nothing is put out. Of a picture that is copied, all is put out that comes in. */
  readonly startSeconds: number;
}

/** What one ffmpeg process does: numbers and names of ours only, so that no text of a client or a file reaches it. */
export interface RemuxPlan {
  readonly demuxer: Demuxer;
  /** At least one of the two is there. */
  readonly video: VideoPlan | undefined;
  readonly audio: AudioPlan | undefined;
  /** Undefined: the source is what lies in the torrent. */
  readonly envelope?: EnvelopePlan;
}
