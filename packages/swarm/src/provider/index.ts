export * from "./torrent-piece-provider.ts";
export type * from "./torrent-view.ts";
