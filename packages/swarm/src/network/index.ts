export * from "./dial.ts";
export * from "./http-route.ts";
export * from "./network.ts";
export * from "./peer-servers.ts";
