import { readFile } from "node:fs/promises";
import type { Server } from "node:http";
import type { Socket } from "node:net";
import { clientOfAddress } from "./client-address.ts";

/** Twice the thousand stalled clients that must cost little. */
const MAX_CONNECTIONS = 2_048;
/** The others are for files, peers and ffmpeg: what is played goes on, however many come. */
const DESCRIPTOR_SHARE = 1 / 2;
/** No client keeps the others out. A proxy is one client. */
const SHARE_OF_ONE = 1 / 2;
/** So many beyond the limit are told, in answer to their first request; the rest is closed before a byte of it is read. */
const TOLD_CONNECTIONS = 32;

/** As many connections as this process has descriptors for. Node has raised their limit as far as it may. */
export async function connectionLimit(): Promise<number> {
  // proc(5): the soft limit, then the hard one. Elsewhere than on Linux there is no such file, and no limit that low.
  const limits = await readFile("/proc/self/limits", "utf8").catch(() => "");
  const descriptors = Number(/^Max open files +(\d+)/m.exec(limits)?.[1] ?? Number.POSITIVE_INFINITY);
  return Math.min(MAX_CONNECTIONS, Math.floor(descriptors * DESCRIPTOR_SHARE));
}

/** Bounds the connections of a server, and those of each client. The answer tells whether one is there only to be refused. */
export function limitConnections(server: Server, limit: number, tooMany: () => void): (socket: Socket) => boolean {
  server.maxConnections = limit + TOLD_CONNECTIONS;
  server.on("drop", tooMany);
  const refused = new WeakSet<Socket>();
  const counts = new Map<string, number>();
  let openCount = 0;
  server.on("connection", (socket) => {
    // What a proxy says of its clients is not believed.
    const client = clientOfAddress(socket.remoteAddress ?? "");
    const count = (counts.get(client) ?? 0) + 1;
    if (count > limit * SHARE_OF_ONE) {
      socket.destroy();
      return tooMany();
    }
    counts.set(client, count);
    openCount += 1;
    if (openCount > limit) {
      refused.add(socket);
      tooMany();
    }
    socket.once("close", () => {
      openCount -= 1;
      const left = (counts.get(client) ?? 0) - 1;
      if (left > 0) counts.set(client, left);
      else counts.delete(client);
    });
  });
  return (socket) => refused.has(socket);
}
