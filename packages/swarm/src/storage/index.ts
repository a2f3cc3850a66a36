export * from "./file-io.ts";
export type * from "./file-layout.ts";
export * from "./free-space.ts";
export * from "./library.ts";
export { checkHolePunching } from "./punch-holes.ts";
export * from "./seed-store.ts";
export * from "./storage-error.ts";
export * from "./torrent-store.ts";
export * from "./viewing-file.ts";
