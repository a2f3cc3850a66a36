import { once } from "node:events";
import { createServer } from "node:net";

/** Takes connections at every loopback address, and says nothing. */
export async function startSilentListener() {
  const hosts: string[] = [];
  const server = createServer((socket) => {
    socket.on("error", () => undefined);
    hosts.push(socket.localAddress ?? "");
  });
  server.listen(0, "0.0.0.0");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" ? (address?.port ?? 0) : 0;
  return { port, hosts, [Symbol.asyncDispose]: async () => void server.close() };
}
