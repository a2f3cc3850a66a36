import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import type { Socket } from "node:net";
import { assertInvariant } from "@riptide/core";

/** A web server on loopback that does what a test wants. */
export interface TestServer extends AsyncDisposable {
  /** `http://127.0.0.1:PORT`, without a slash at the end. */
  readonly origin: string;
  /** Paths asked for, in order. */
  readonly paths: readonly string[];
  /** Resolves when the server has no connection left. */
  idle(): Promise<void>;
}

export async function startHttpServer(listener: RequestListener): Promise<TestServer> {
  const paths: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((request, response) => {
    paths.push(request.url ?? "");
    listener(request, response);
  });
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  assertInvariant(typeof address === "object" && address !== null, "The test server has no port");
  return {
    origin: `http://127.0.0.1:${address.port}`,
    paths,
    idle: async () => {
      await Promise.all(Array.from(sockets, (socket) => new Promise((resolve) => socket.once("close", resolve))));
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
