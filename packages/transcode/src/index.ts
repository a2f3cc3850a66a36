export { TRACKS_LIMIT } from "./arguments.ts";
export { type DiscoverOptions, discoverFfmpeg, type FfmpegInstallation } from "./discover-ffmpeg.ts";
export type { FfmpegExit } from "./ffmpeg-process.ts";
export type { Input } from "./input-pump.ts";
export { ProcessPool } from "./process-pool.ts";
export type * from "./remux-plan.ts";
export { AudioEncoderPool, type AudioEncoderPoolOptions, type SegmentJob } from "./segment-encoder.ts";
export type { EncoderProfile } from "./segment-encoder-arguments.ts";
export { type RemuxJob, Transcoder, type TranscoderOptions } from "./transcoder.ts";
