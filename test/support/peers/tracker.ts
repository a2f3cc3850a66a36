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

export interface TestTrackerOptions {
  /** Told from where each announce came. */
  readonly asked?: (from: Socket) => void;
  /** Where the peers are; 127.0.0.1 unless given. */
  readonly peerHost?: "127.0.0.1" | "::1";
}

/** An HTTP tracker on 127.0.0.1 that answers every announce with the same loopback peers. */
export async function startTracker(
  ports: () => readonly number[],
  { asked, peerHost = "127.0.0.1" }: TestTrackerOptions = {},
): Promise<TestTracker> {
  const announces: URLSearchParams[] = [];
  const isIpv6 = peerHost === "::1";
  const address = isIpv6 ? [...Array<number>(15).fill(0), 1] : [127, 0, 0, 1];
  const server = createServer((request, response) => {
    asked?.(request.socket);
    announces.push(new URL(request.url ?? "/", "http://tracker").searchParams);
    const peers = Buffer.concat(ports().map((port) => Buffer.from([...address, port >> 8, port & 255])));
    // BEP 7: addresses of IPv6 have a list of their own.
    const key = isIpv6 ? "6:peers6" : "5:peers";
    response.end(Buffer.concat([Buffer.from(`d8:intervali60e${key}${peers.length}:`), peers, Buffer.from("e")]));
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
