export { type ArrivalEvent, type Arrivals, shuffledArrivals } from "./arrivals.ts";
export * from "./random.ts";
export * from "./simulated-piece-provider.ts";
export type { SimulatedSwarmOptions } from "./simulated-swarm.ts";
export type { SimulatedTorrentSeed } from "./simulated-torrent.ts";
export * from "./simulated-torrent-engine.ts";
export * from "./virtual-clock.ts";
