export { Downloader } from "./downloader.ts";
export type * from "./downloader-types.ts";
export { type PlannedDemand, planDeadlines, ReadingPlaces } from "./readers.ts";
