export { createWebAgents } from "./web-agents.ts";
export { WebSeeds, type WebSeedsOptions } from "./web-seeds.ts";
