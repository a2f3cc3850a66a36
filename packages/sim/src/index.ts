export * from "./arrivals.ts";
export * from "./random.ts";
export * from "./simulated-piece-provider.ts";
export * from "./simulated-swarm.ts";
export * from "./virtual-clock.ts";
