import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import type { HttpAgents } from "../metainfo/http-get.ts";

/** Connections to one host, over all torrents and their web seeds: what browsers take from a server, less two. */
const MAX_CONNECTIONS_PER_HOST = 4;

/** Connections to web seeds that are kept for the next range; `close` ends them all. */
export function createWebAgents(): HttpAgents & { close(): void } {
  const options = { keepAlive: true, maxSockets: MAX_CONNECTIONS_PER_HOST, maxFreeSockets: MAX_CONNECTIONS_PER_HOST };
  const agents = { http: new HttpAgent(options), https: new HttpsAgent(options) };
  return {
    ...agents,
    close: () => {
      agents.http.destroy();
      agents.https.destroy();
    },
  };
}
