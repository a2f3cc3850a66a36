import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { assertInvariant, type ByteRange } from "@riptide/core";

/** A request as a script sees it. */
export interface AskedRange {
  /** Decoded, without the query. */
  readonly path: string;
  readonly range: ByteRange | undefined;
  readonly file: Uint8Array | undefined;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** How many requests there were before this one. */
  readonly count: number;
}

export interface ScriptedWebSeedOptions {
  /** What lies where: the decoded path → the bytes. */
  readonly files: Readonly<Record<string, Uint8Array>>;
  /** Over all connections together. */
  readonly bytesPerSecond?: number;
  readonly host?: string;
  /** Answers in place of the server where it returns true. */
  readonly script?: (asked: AskedRange) => boolean;
}

export interface ScriptedWebSeed extends AsyncDisposable {
  /** `http://HOST:PORT`, without a slash at the end. */
  readonly origin: string;
  readonly asked: readonly { readonly path: string; readonly range: ByteRange | undefined }[];
  readonly counters: { readonly sentBytes: number; readonly connections: number; readonly mostConnections: number };
}

/** A plain web server that takes ranges as RFC 9110 says, at a rate; what it does wrong is up to the script. */
export async function startScriptedWebSeed(options: ScriptedWebSeedOptions): Promise<ScriptedWebSeed> {
  const { files, script = () => false, host = "127.0.0.1" } = options;
  const asked: { path: string; range: ByteRange | undefined }[] = [];
  const counters = { sentBytes: 0, connections: 0, mostConnections: 0 };
  const sockets = new Set<Socket>();
  const pace = createPace(options.bytesPerSecond);
  const server = createServer((request, response) => {
    const path = decodeURIComponent(new URL(request.url ?? "", "http://x").pathname);
    const file = files[path];
    const range = readRangeHeader(request.headers.range, file?.length);
    const count = asked.push({ path, range }) - 1;
    if (script({ path, range, file, request, response, count })) return;
    if (file === undefined) return void response.writeHead(404).end();
    const { start, end } = range ?? { start: 0, end: file.length };
    response.writeHead(range === undefined ? 200 : 206, {
      "content-length": end - start,
      ...(range && { "content-range": `bytes ${start}-${end - 1}/${file.length}` }),
    });
    void sendPaced(response, file.subarray(start, end), { pace, sent: (bytes) => (counters.sentBytes += bytes) });
  });
  server.on("connection", (socket) => {
    sockets.add(socket);
    counters.connections += 1;
    counters.mostConnections = Math.max(counters.mostConnections, sockets.size);
    socket.on("error", () => undefined);
    socket.on("close", () => sockets.delete(socket));
  });
  server.listen(0, host);
  await once(server, "listening");
  const address = server.address();
  assertInvariant(typeof address === "object" && address !== null, "The web seed has no port");
  return {
    origin: `http://${host}:${address.port}`,
    asked,
    counters,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

function readRangeHeader(header: string | undefined, lengthBytes: number | undefined): ByteRange | undefined {
  const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(header ?? "") ?? [];
  if (first === undefined || lengthBytes === undefined) return undefined;
  return { start: Number(first), end: Math.min(lengthBytes, Number(last) + 1) };
}

/** Waits until so many bytes may go out. */
type Pace = (bytes: number) => Promise<void>;

function createPace(bytesPerSecond: number | undefined): Pace {
  if (bytesPerSecond === undefined) return async () => undefined;
  let freeAtMs = performance.now();
  return async (bytes) => {
    const nowMs = performance.now();
    freeAtMs = Math.max(freeAtMs, nowMs) + (bytes * 1000) / bytesPerSecond;
    await new Promise((resolve) => setTimeout(resolve, freeAtMs - nowMs));
  };
}

async function sendPaced(
  response: ServerResponse,
  bytes: Uint8Array,
  { pace, sent }: { pace: Pace; sent: (bytes: number) => void },
): Promise<void> {
  for (let at = 0; at < bytes.length && !response.destroyed; at += 16 * 1024) {
    const part = bytes.subarray(at, at + 16 * 1024);
    await pace(part.length);
    sent(part.length);
    if (!response.write(part)) await drained(response);
  }
  response.end();
}

function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      response.off("drain", done).off("close", done);
      resolve();
    };
    response.on("drain", done).on("close", done);
  });
}
