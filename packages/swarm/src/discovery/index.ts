export * from "./announcer.ts";
export * from "./compact-peers.ts";
export * from "./dht.ts";
export * from "./lsd.ts";
export * from "./multicast.ts";
export * from "./tracker.ts";
export * from "./tracker-client.ts";
