export type * from "@riptide/media";
export { sidecarsFor } from "@riptide/media";
export type { StreamChoice } from "./choose-mode.ts";
export { type ClientAbilities, type PlaybackQuestions, playbackQuestions } from "./client-abilities.ts";
export { CONTENT_SAFETY_HEADERS, contentDisposition } from "./file-headers.ts";
export type { FilmNotes } from "./film-notes.ts";
export type { FilmTimes, TimeRange } from "./film-times.ts";
export type { AudioChoice, PlaybackChoice, PlaybackContext, PlaybackMode } from "./playback.ts";
export { choosePlayback } from "./playback-choice.ts";
export type { PlaybackReason, PlaybackReasonCode } from "./playback-reasons.ts";
export type { Preparation, PreparedPart } from "./preparation.ts";
export {
  createStreamFactory,
  type FfmpegUse,
  type StreamFactory,
  type StreamFactoryOptions,
} from "./stream-factory.ts";
export { externalSubtitles } from "./subtitles/external-subtitles.ts";
export type { Thumbnail, ThumbnailWish } from "./thumbnails.ts";
export { createTimings, serverTiming, type Timings } from "./timings.ts";
