import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo, Socket } from "node:net";

export interface TestTracker extends AsyncDisposable {
  readonly url: string;
  /** Query strings of all announces so far. */
  readonly announces: readonly URLSearchParams[];
}

/** An HTTP tracker that answers every announce with the same loopback peers, and tells from where each came. */
export async function startTracker(
  ports: () => readonly number[],
  asked?: (from: Socket) => void,
): Promise<TestTracker> {
  const announces: URLSearchParams[] = [];
  const server = createServer((request, response) => {
    asked?.(request.socket);
    announces.push(new URL(request.url ?? "/", "http://tracker").searchParams);
    const peers = Buffer.concat(ports().map((port) => Buffer.from([127, 0, 0, 1, port >> 8, port & 255])));
    response.end(Buffer.concat([Buffer.from(`d8:intervali60e5:peers${peers.length}:`), peers, Buffer.from("e")]));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/announce`,
    announces,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
