import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { assertInvariant } from "@riptide/core";

/** All addresses of this machine: a socket that is bound to it takes IPv4, too (RFC 3493 §3.7). */
const ANY_HOST = "::";
const ANY_IPV4_HOST = "0.0.0.0";

/** Where peers connect to us: a listening socket for each host, all on one port. */
export interface PeerServers {
  readonly port: number;
  /** IP literals that they are bound to. */
  readonly hosts: readonly string[];
  /** Takes no more connections; those that it took go on. */
  close(): void;
}

/**
 * Listens on every host; `::` stands for all addresses of both families, or of IPv4 alone where there is no IPv6. Should the port be
 * taken, any free one will do. Rejects with the system's error if it cannot listen on one of the hosts.
 */
export async function openPeerServers(
  { hosts, port }: { readonly hosts: readonly string[]; readonly port: number },
  onSocket: (socket: Socket) => void,
): Promise<PeerServers> {
  // Another client of this machine may have the wished port: trackers are told which one it is.
  const servers = await listenOnAll(hosts, port).catch(() => listenOnAll(hosts, 0));
  for (const server of servers) {
    server.on("connection", onSocket);
    // A process without descriptors accepts nobody for now; that must not end what it has.
    server.on("error", () => undefined);
  }
  return {
    port: portOf(servers),
    hosts: servers.map((server) => addressOf(server).address),
    close: () => closeAll(servers),
  };
}

async function listenOnAll(hosts: readonly string[], port: number): Promise<Server[]> {
  const servers: Server[] = [];
  try {
    for (const host of hosts) servers.push(await listen(host, portOf(servers) || port));
    return servers;
  } catch (error) {
    closeAll(servers);
    throw error;
  }
}

async function listen(host: string, port: number): Promise<Server> {
  const server = createServer();
  server.listen({ host, port });
  try {
    await once(server, "listening");
    return server;
  } catch (error) {
    if (host === ANY_HOST && isWithoutIpv6(error)) return await listen(ANY_IPV4_HOST, port);
    throw error;
  }
}

/** How kernels say it that know no IPv6, or have it switched off. */
function isWithoutIpv6(error: unknown): boolean {
  return error instanceof Error && "code" in error && ["EAFNOSUPPORT", "EADDRNOTAVAIL"].includes(String(error.code));
}

/** 0 as long as there are none. */
function portOf([first]: readonly Server[]): number {
  return first === undefined ? 0 : addressOf(first).port;
}

function addressOf(server: Server): { readonly address: string; readonly port: number } {
  const address = server.address();
  assertInvariant(address !== null && typeof address === "object", "Peers connect to a TCP port");
  return address;
}

function closeAll(servers: readonly Server[]): void {
  for (const server of servers) server.close();
}
