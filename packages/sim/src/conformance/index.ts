export * from "./clock.ts";
export * from "./piece-provider.ts";
export * from "./viewing-store.ts";
