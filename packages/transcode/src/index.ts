export { TRACKS_LIMIT } from "./arguments.ts";
export { type DiscoverOptions, discoverFfmpeg, type FfmpegInstallation } from "./discover-ffmpeg.ts";
export type { Input } from "./input-pump.ts";
export type * from "./remux-plan.ts";
export { type RemuxJob, Transcoder, type TranscoderOptions } from "./transcoder.ts";
