export { DemandPlans } from "./demand-plans.ts";
export { DownloadLimiter } from "./download-limiter.ts";
export { Downloader } from "./downloader.ts";
export type * from "./downloader-types.ts";
export { MAX_UNREQUESTED_BYTES } from "./peer-queue.ts";
export { PieceMemory } from "./piece-memory.ts";
export { type PlannedDemand, planDeadlines, ReadingPlaces } from "./readers.ts";
export { ChosenFiles, type SparePolicy } from "./spare.ts";
