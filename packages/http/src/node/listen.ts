import { once } from "node:events";
import { createServer, type RequestListener, type Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { getRequestListener, RequestError } from "@hono/node-server";
import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import { assertInvariant, type ChunkPool } from "@riptide/core";
import type { App } from "../app.ts";
import type { FailureLog } from "../app-options.ts";
import { HttpError } from "../http-error.ts";
import { forgetObservation, observationOf } from "../observe/request-observation.ts";
import { problemResponse } from "../problem.ts";
import { forgetClient, setClient } from "../request-client.ts";
import { addResponseHeaders } from "../security/response-headers.ts";
import { clientOfAddress } from "./client-address.ts";
import { connectionLimit, limitConnections } from "./connection-limits.ts";
import { listenError } from "./listen-error.ts";
import { sendResponse } from "./send-response.ts";

/** Slowloris: whoever takes longer to send its header fields does not mean to. */
const HEADERS_TIMEOUT_MS = 15_000;
/** For the request with its body, so in effect for uploads: 10 MB in 30 s. The response may take as long as a film. */
const REQUEST_TIMEOUT_MS = 30_000;
/** How often Node looks for connections that exceed the two above. */
const TIMEOUT_CHECK_INTERVAL_MS = 5_000;
/** Longer than the 60 s for which common proxies keep their connections to a server like this one. */
const KEEP_ALIVE_TIMEOUT_MS = 65_000;
/** Node's default, spelled out: hundreds of ranges in one header field are as many as fit. */
const MAX_HEADER_BYTES = 16 * 1024;
/** Connections come and go. */
const RETRY_AFTER_SECONDS = "5";
/** A client that has taken nothing of what lies ready for this long holds pieces and demands for nobody. */
const STALLED_READER_MS = 60_000;
/**
 * The same for a body that cannot be resumed by range: its player would have to start anew, so a pause for dinner is its good
 * right. A live remux holds one bounded window and perhaps a blocked process meanwhile.
 */
const PAUSED_READER_MS = 60 * 60_000;

export interface ListenOptions {
  readonly host: string;
  /** 0 picks a free port. */
  readonly port: number;
  /** For tests: how long a request may take to come, its body included. */
  readonly requestTimeoutMs?: number;
  /** For tests: as many as this. */
  readonly maxConnections?: number;
  /** For tests: how long a client may take nothing of what lies ready for it. */
  readonly stalledReaderMs?: number;
  /** For tests: the same for bodies that cannot be resumed. */
  readonly pausedReaderMs?: number;
  /** Told of bodies that broke off for a reason of ours. */
  readonly log?: FailureLog | undefined;
  /** Told of those who are turned away before they can ask, by one of few words. */
  readonly rejected?: ((reason: string) => void) | undefined;
  /** Where the memory of bodies came from, if it is lent. */
  readonly chunks?: ChunkPool | undefined;
}

export interface Listener {
  readonly host: string;
  readonly port: number;
  readonly url: string;
  /** Takes no more connections, lets bodies run for `graceMs`, then destroys what is left. Idempotent. */
  close(options: { graceMs: number }): Promise<void>;
}

/** Puts the app on a socket. Rejects with a `ListenError` that says why it cannot. */
export async function listen(app: App, options: ListenOptions): Promise<Listener> {
  const { requestTimeoutMs = REQUEST_TIMEOUT_MS } = options;
  const server = createServer({
    headersTimeout: Math.min(HEADERS_TIMEOUT_MS, requestTimeoutMs),
    requestTimeout: requestTimeoutMs,
    connectionsCheckingInterval: Math.min(TIMEOUT_CHECK_INTERVAL_MS, requestTimeoutMs),
    keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
    maxHeaderSize: MAX_HEADER_BYTES,
  });
  const tooMany = (): void => options.rejected?.("too_many_connections");
  const isTooMany = limitConnections(server, options.maxConnections ?? (await connectionLimit()), tooMany);
  server.on("request", createRequestListener(app, options, isTooMany));
  dropStalledReaders(server, options.stalledReaderMs ?? STALLED_READER_MS);
  closeIdleConnectionsEarly(server);
  const port = await bind(server, options);
  server.on("error", (error) => options.log?.("A connection could not be accepted", error)); // EMFILE, for one
  let closed: Promise<void> | undefined;
  return {
    host: options.host,
    port,
    url: `http://${options.host.includes(":") ? `[${options.host}]` : options.host}:${port}`,
    close: ({ graceMs }) => (closed ??= close(server, graceMs)),
  };
}

/**
 * Hono's bridge makes the `Request`, whose signal is aborted when the client goes. Writing the response is ours:
 * the bridge would read chunks ahead, and end a failed body with the text of the error instead of breaking it off.
 */
function createRequestListener(
  app: App,
  { log, chunks, pausedReaderMs = PAUSED_READER_MS }: ListenOptions,
  isTooMany: (socket: Socket) => boolean,
): RequestListener {
  const answer = getRequestListener(
    async (request, { incoming, outgoing }) => {
      assertInvariant(outgoing instanceof ServerResponse, "Only HTTP/1 is bridged.");
      setClient(request, clientOfAddress(incoming.socket.remoteAddress ?? ""));
      try {
        const isRefused = isTooMany(incoming.socket);
        outgoing.shouldKeepAlive &&= !isRefused;
        const response = isRefused ? refuse(tooManyConnections()) : await app.fetch(request);
        if (response.headers.get("accept-ranges") === "none") outgoing.setTimeout(pausedReaderMs);
        await sendResponse(response, outgoing, chunks);
      } catch (error) {
        outgoing.destroy();
        const observed = observationOf(request);
        log?.(`The body of ${observed?.name ?? request.method} broke off`, error, observed);
      } finally {
        forgetRequest(request);
      }
      return RESPONSE_ALREADY_SENT;
    },
    { overrideGlobalObjects: false, errorHandler: refuse },
  );
  return (incoming, outgoing) => void answer(incoming, outgoing);
}

/**
 * What a WeakMap holds of a request is kept, with all that it refers to, by each collection of young objects until all of the heap is
 * collected: half of what a request takes was copied twice, and others waited for it.
 */
function forgetRequest(request: Request): void {
  forgetObservation(request);
  forgetClient(request);
}

/** For what cannot even become a `Request`: a target or a Host that is none. */
function refuse(error: unknown): Response {
  const isClientsFault = error instanceof RequestError;
  const response = problemResponse(
    isClientsFault
      ? new HttpError("bad_request", "The request needs a valid target and exactly one valid Host.")
      : error,
  );
  addResponseHeaders(response);
  return response;
}

function tooManyConnections(): HttpError {
  const message = "Riptide has as many connections open as it may. Try again in a moment.";
  return new HttpError("too_many_connections", message, { "retry-after": RETRY_AFTER_SECONDS });
}

/**
 * Node's socket timeout knows progress inside a large write, and keeps one timer for all sockets. It also fires while
 * a client waits for us, for bytes that no peer has sent yet; that is no fault of the client's.
 */
function dropStalledReaders(server: Server, stalledReaderMs: number): void {
  server.timeout = stalledReaderMs;
  server.on("request", (_incoming, outgoing) => {
    outgoing.on("timeout", () => {
      if (outgoing.writableLength > 0) outgoing.destroy();
    });
  });
}

/** While the server closes, a connection must not idle until its keep-alive runs out. */
function closeIdleConnectionsEarly(server: Server): void {
  server.on("request", (_incoming, outgoing) => {
    outgoing.once("close", () => {
      if (!server.listening) server.closeIdleConnections();
    });
  });
}

async function bind(server: Server, { host, port }: ListenOptions): Promise<number> {
  const listening = once(server, "listening");
  server.listen({ host, port });
  await listening.catch((error: Error) => {
    throw listenError(error, { host, port });
  });
  const address = server.address();
  assertInvariant(address !== null && typeof address === "object", "A TCP server has an address.");
  return address.port;
}

async function close(server: Server, graceMs: number): Promise<void> {
  const closed = once(server, "close");
  server.close(); // idle connections end here; busy ones when they become idle, or with the grace
  const grace = setTimeout(() => server.closeAllConnections(), graceMs);
  await closed;
  clearTimeout(grace);
}
