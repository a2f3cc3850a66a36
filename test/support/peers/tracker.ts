import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { fileURLToPath } from "node:url";
import { startProcess } from "../processes.ts";
import { WEBTORRENT_PACKAGES } from "./webtorrent.ts";

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

/** A whole tracker of another make, which tells of whoever announced itself: bittorrent-tracker, by HTTP and by UDP. */
export async function startForeignTracker(): Promise<
  AsyncDisposable & { readonly http: string; readonly udp: string }
> {
  const script = fileURLToPath(new URL("./foreign-tracker.mjs", import.meta.url));
  const program = startProcess(process.execPath, [script, `${WEBTORRENT_PACKAGES}bittorrent-tracker/server.js`]);
  const { http, udp } = await program.waitFor((line) => JSON.parse(line) as { http: number; udp: number });
  return {
    http: `http://127.0.0.1:${http}/announce`,
    udp: `udp://127.0.0.1:${udp}/announce`,
    [Symbol.asyncDispose]: () => program[Symbol.asyncDispose](),
  };
}
