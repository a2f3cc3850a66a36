export * from "./key-index.ts";
export { type CueIndex, isClusterAt, readCues } from "./matroska/cues.ts";
export type * from "./media-info.ts";
export * from "./media-type.ts";
export * from "./read-media-info.ts";
export type { ByteSource } from "./reader.ts";
export * from "./sniff.ts";
