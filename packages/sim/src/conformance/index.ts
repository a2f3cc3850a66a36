export * from "./clock.ts";
export * from "./piece-provider.ts";
