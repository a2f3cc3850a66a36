export { type AccessUnit, aacTrackOf } from "./audio-grid/aac-output.ts";
export {
  type AudioGrid,
  type AudioGridOptions,
  audioGridOf,
  framesBefore,
  type GridFrame,
  gridFrame,
  ORIGIN_PACKETS,
  type TimedData,
} from "./audio-grid/audio-grid.ts";
export {
  type AudioSegment,
  type AudioSegmentsOptions,
  audioSegments,
  hasPreroll,
  type SourceSpan,
  segmentFrom,
  sourceSpan,
} from "./audio-grid/audio-segments.ts";
export {
  type AudioEncoder,
  type AudioEncoderJob,
  type EncoderProfile,
  type EncodeSegmentOptions,
  encoderProfileOf,
  encodeSegment,
} from "./audio-grid/encode-segment.ts";
export type { TranscodableCodec } from "./audio-grid/frame-shape.ts";
export { openAvi } from "./avi/demuxer.ts";
export type { ByteStream } from "./byte-stream.ts";
export type * from "./demuxer.ts";
export * from "./film-envelope.ts";
export { fragment, fragmentLengthBytes, type TrackRun } from "./fmp4/fragment.ts";
export { Fragmenter, type FragmenterOptions, TRACK_SKEW_LIMIT_SECONDS } from "./fmp4/fragmenter.ts";
export { initSegment } from "./fmp4/init-segment.ts";
export * from "./fmp4/mux-track.ts";
export { gridTicksOf, packetDurationTicks } from "./fmp4/packet-duration.ts";
export { decodableFrom } from "./fmp4/picture-entry.ts";
export { PictureTimeline } from "./fmp4/picture-timeline.ts";
export { type PictureTiming, pictureTimingOf } from "./fmp4/picture-timing.ts";
export { type SegmentIndexOptions, type Subsegment, segmentIndexBox } from "./fmp4/segment-index.ts";
export { SoundTimeline } from "./fmp4/sound-timeline.ts";
export type { TimedSample } from "./fmp4/timed-sample.ts";
export { openIsobmff } from "./isobmff/demuxer.ts";
export { type FastStartLayout, type FastStartPart, fastStartLayout } from "./isobmff/fast-start.ts";
export * from "./key-index.ts";
export { type Attachment, readAttachments } from "./matroska/attachments.ts";
export { type MatroskaDemuxer, openMatroska } from "./matroska/demuxer.ts";
export type * from "./media-info.ts";
export * from "./media-records.ts";
export * from "./media-type.ts";
export { openMpegts } from "./mpegts/demuxer.ts";
export type * from "./packet.ts";
export { positionAt } from "./position-at.ts";
export * from "./read-chapters.ts";
export * from "./read-media-info.ts";
export { type ByteSource, concatenate } from "./reader.ts";
export * from "./segment-finder.ts";
export * from "./segment-plan.ts";
export * from "./sniff.ts";
export type { Steps } from "./steps.ts";
export { assDocument, assEventLine, endSecondsOf } from "./subtitles/ass-document.ts";
export { cueFromPacket } from "./subtitles/cue-from-packet.ts";
export { decodeSubtitleText } from "./subtitles/decode-subtitle-text.ts";
export { SUBTITLE_FILE_LIMIT_BYTES } from "./subtitles/lines.ts";
export { parseAss } from "./subtitles/parse-ass.ts";
export { parseSrt } from "./subtitles/parse-srt.ts";
export { parseWebVtt } from "./subtitles/parse-webvtt.ts";
export { type IndexedPath, type Sidecar, sidecarsFor } from "./subtitles/sidecars.ts";
export { isTextSubtitleKind, subtitleFileSteps, unnamedSubtitleSteps } from "./subtitles/subtitle-file.ts";
export { type SubtitleKind, subtitleKindOf } from "./subtitles/subtitle-kind.ts";
export { supSegments } from "./subtitles/sup-segments.ts";
export { CUES_LIMIT, DEFAULT_CUE_SECONDS, type TextCue } from "./subtitles/text-cue.ts";
export { webVttDocument } from "./subtitles/webvtt-document.ts";
