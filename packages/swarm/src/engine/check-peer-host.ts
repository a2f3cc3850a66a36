import { once } from "node:events";
import { createServer } from "node:net";
import { RiptideError } from "@riptide/core";

/** A session that cannot listen would die at once, again and again: better not to start. */
export async function checkPeerHost(host: string): Promise<void> {
  const server = createServer();
  try {
    server.listen({ host, port: 0 });
    await once(server, "listening");
  } catch (cause) {
    throw new RiptideError(
      "engine_unavailable",
      "Riptide cannot listen for peers at this address. Give --peer-host an address of this machine.",
      { cause },
    );
  } finally {
    server.close();
  }
}
