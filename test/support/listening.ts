import { once } from "node:events";
import type { AddressInfo, Server } from "node:net";

/** Puts a server on a free port of this machine; it is closed when it is disposed, once its connections have ended. */
export async function listening(
  server: Server,
  host = "127.0.0.1",
): Promise<AsyncDisposable & { readonly port: number }> {
  server.listen(0, host);
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: async () => {
      server.close();
      await once(server, "close");
    },
  };
}
