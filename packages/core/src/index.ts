export * from "./abortable.ts";
export * from "./byte-range.ts";
export * from "./clock.ts";
export * from "./errors.ts";
export type * from "./ports/clock.ts";
export type * from "./ports/piece-provider.ts";
export type * from "./ports/stream-producer.ts";
export type * from "./ports/torrent-engine.ts";
export * from "./readahead.ts";
