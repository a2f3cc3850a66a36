import type { ClientRequestArgs } from "node:http";
import type { Socket } from "node:net";
import { assertInvariant } from "@riptide/core";
import type { ScenarioWebSeed } from "@riptide/sim";
import { createWebAgents } from "../../src/webseed/index.ts";
import { MAX_SKIPPED_BYTES } from "../../src/webseed/range-request.ts";
import { SimulatedWebServer, type WebServerOptions } from "./simulated-web-server.ts";

/** What is on its way when the client has all that it asked for: two chunks of the server, and as much in the buffers of Node's streams. */
const MAX_UNASKED_BYTES = 64 * 1024;

/** The web seeds of a torrent: the engine's own agents, and Node's HTTP client, whose connections lead to simulated servers. */
export class SimulatedWeb implements Disposable {
  readonly agents = createWebAgents();
  readonly servers: readonly SimulatedWebServer[];

  constructor(webSeeds: readonly ScenarioWebSeed[], options: Omit<WebServerOptions, "webSeed" | "host">) {
    this.servers = webSeeds.map(
      (webSeed, index) => new SimulatedWebServer({ ...options, webSeed, host: webSeedHost(index) }),
    );
    this.agents.http.createConnection = ({ host }: ClientRequestArgs) => this.#connect(host);
  }

  get urls(): string[] {
    return this.servers.map(({ options }) => `http://${options.host}/film.bin`);
  }

  get sentBytes(): number {
    return this.servers.reduce((sum, { sentBytes }) => sum + sentBytes, 0);
  }

  /** What is wrong with how they were asked, if that is. */
  get problem(): string | undefined {
    for (const { answers, isSkipped, unaskedBytes, hastyRequests, options } of this.servers) {
      // RFC 9110 §10.2.3.
      if (hastyRequests > 0) return `${options.host} was asked ${hastyRequests} times before its Retry-After was over`;
      const limitBytes = answers * (MAX_UNASKED_BYTES + (isSkipped ? MAX_SKIPPED_BYTES : 0));
      if (unaskedBytes > limitBytes)
        return `${unaskedBytes} bytes were taken from ${options.host} that nobody asked for`;
    }
    return undefined;
  }

  heal(): void {
    for (const server of this.servers) server.heal();
  }

  /** The session is closed: finds out whether it left a request behind. */
  [Symbol.dispose](): void {
    const busy = Object.values(this.agents.http.sockets).flatMap((sockets) => sockets ?? []);
    this.agents.close();
    assertInvariant(busy.length === 0, "A closed session must have no requests to web seeds");
    assertInvariant(
      this.servers.every(({ openConnections }) => openConnections === 0),
      "Closed agents must have no connections",
    );
  }

  #connect(host: string | null | undefined): Socket {
    const server = this.servers.find(({ options }) => options.host === host);
    assertInvariant(server !== undefined, "Only the web seeds of the torrent are asked");
    return server.connect();
  }
}

/** As it is banned by: a server of a private network, which a torrent that the user added may name. */
export function webSeedOrigin(index: number): string {
  return `http://${webSeedHost(index)}`;
}

function webSeedHost(index: number): string {
  return `10.2.0.${index + 1}`;
}
