import type { AudioCodec } from "../media-info.ts";

/** The codecs that we transcode, by the names that `AudioTrack` has for them. */
export type TranscodableCodec = Extract<
  AudioCodec,
  "ac3" | "eac3" | "dts" | "mp2" | "mp3" | "flac" | "vorbis" | "pcm" | "alac"
>;

/** Samples of one channel that a frame is decoded to, after `previous`; undefined if its header is damaged. */
export type FrameMeter = (frame: Uint8Array, previous: Uint8Array | undefined) => number | undefined;

/** Rate and channels of a decoded frame, as a word to compare; undefined if its header is damaged. */
type FrameFormat = (frame: Uint8Array) => string | undefined;

/** How the frames of a track follow each other, and how its decoder is told what they are. */
export interface FrameShape {
  readonly codec: TranscodableCodec;
  /** Of a frame; of the longest one, if they differ. */
  readonly frameSamples: number;
  /** Frames start at multiples of this, counted from the first one: their length, if all have the same. */
  readonly stepSamples: number;
  readonly measure: FrameMeter;
  readonly formatOf: FrameFormat;
  /** Frames until the output of a fresh decoder no longer depends on what it did not see. */
  readonly warmupFrames: number;
  /** Whether the first frame that a decoder sees only prepares it for the next one. */
  readonly isFirstFrameSilent: boolean;
  /** Matroska's CodecID and CodecPrivate (Matroska Codec Specifications §4.4). */
  readonly codecId: string;
  readonly codecPrivate: Uint8Array;
  readonly bitsPerSample: number | undefined;
  /** The data of a frame as its decoder takes it from Matroska. */
  readonly toEnvelope: (frame: Uint8Array) => Uint8Array;
}

const NOTHING = new Uint8Array(0);

/** What most codecs have in common. */
export const COMMON = {
  isFirstFrameSilent: false,
  codecPrivate: NOTHING,
  bitsPerSample: undefined,
  // What is told once for the whole track.
  formatOf: () => undefined,
  toEnvelope: (frame: Uint8Array) => frame,
};
