/** The demuxers that ffmpeg may use, by its own names. */
export type Demuxer = "matroska" | "mov" | "mpegts" | "avi" | "flv" | "asf" | "ogg";

/** A picture track: its position among the video tracks of the source, and how it gets into MP4. */
export interface VideoPlan {
  readonly index: number;
  /** `copy_hevc` is a copy under the sample entry that Safari wants (`hvc1`); `h264` is a transcode. */
  readonly codec: "copy" | "copy_hevc" | "h264";
}

/** A sound track: its position among the audio tracks of the source, and how it gets into MP4. */
export interface AudioPlan {
  readonly index: number;
  /** `copy_adts` copies AAC whose frames carry ADTS headers; `aac` is a transcode to stereo. */
  readonly codec: "copy" | "copy_adts" | "aac";
}

/** What one ffmpeg process does: integers and names of ours only, so that no text of a client or a file reaches it. */
export interface RemuxPlan {
  readonly demuxer: Demuxer;
  /** At least one of the two is there. */
  readonly video: VideoPlan | undefined;
  readonly audio: AudioPlan | undefined;
}
