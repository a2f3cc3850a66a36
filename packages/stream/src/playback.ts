import type { AudioTrack, Container, KeyIndexSummary, VideoTrack } from "@riptide/media";
import { type PlaybackReason, type PlaybackReasonCode, playbackReason } from "./playback-reasons.ts";

/**
 * From the cheapest to the dearest:
 * - `direct`: the original bytes, with ranges.
 * - `virtual`: a file of fixed length that is made on the way, with ranges: an MP4 whose index is moved to the front, or,
 *   where segments are not taken, fragmented MP4.
 * - `hls`: segments of fragmented MP4; the picture is copied, the sound may be converted.
 * - `remux`: one stream of fragmented MP4; the same, where there are no segments or no HLS.
 * - `transcode`: as `remux`, with the picture converted.
 */
export type PlaybackMode = "direct" | "virtual" | "hls" | "remux" | "transcode" | "unsupported";

export interface PlaybackChoice {
  readonly mode: PlaybackMode;
  /** Never empty; why it is no cheaper mode comes first. */
  readonly reasons: readonly PlaybackReason[];
  /** Undefined in a film of sound only, and in `unsupported`. */
  readonly video: { readonly index: number; readonly treatment: "copy" | "h264" } | undefined;
  /** The sound that is played, if there is one, and after it, in `hls`, those that the client can switch to. */
  readonly audio: readonly AudioChoice[];
  /** As `streamType` tells it. */
  readonly streamType?: string | undefined;
}

/** A sound track by its position among the sound tracks of the file. */
export interface AudioChoice {
  readonly index: number;
  readonly treatment: "copy" | "aac";
}

/** What is known beside the file and the client. */
export interface PlaybackContext {
  readonly hasFfmpeg: boolean;
  /** What the key index rests on that was found, rather than what the headers promise; undefined without one. */
  readonly keyIndexKind: KeyIndexSummary["kind"] | undefined;
  /** Whether the film can be cut into segments without an index, as far as it has been read. Default: it cannot. */
  readonly isExplorable?: boolean;
  readonly neverTranscodeVideo: boolean;
  /** Whether `virtual.mp4` can be made of other things than MP4. */
  readonly hasVirtualRemux: boolean;
  /** The sound track that is wanted; undefined: the default one. */
  readonly audioIndex?: number | undefined;
}

/** The tracks of a file that are played, or why there are none. */
export interface Film {
  readonly container: Container;
  readonly video: VideoTrack | undefined;
  readonly audio: AudioTrack | undefined;
  readonly otherAudio: readonly AudioTrack[];
  /** What is left out. */
  readonly notes: readonly PlaybackReasonCode[];
}

/** A film that cannot be played, and why. */
export function unsupportedPlayback(codes: readonly PlaybackReasonCode[]): PlaybackChoice {
  return { mode: "unsupported", reasons: codes.map(playbackReason), video: undefined, audio: [] };
}
