export * from "./bencode.ts";
export * from "./create-metainfo.ts";
export * from "./fetch-torrent.ts";
export * from "./magnet.ts";
export * from "./metainfo.ts";
export * from "./peer-address.ts";
export * from "./safe-path.ts";
export * from "./source.ts";
