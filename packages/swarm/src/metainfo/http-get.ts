import { type Agent as HttpAgent, request as httpRequest, type IncomingMessage, type RequestOptions } from "node:http";
import { type Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { pipeline, type Readable, type Transform } from "node:stream";
import { createGunzip, createInflate } from "node:zlib";
import type { Clock } from "@riptide/core";
import { type HttpRoute, httpRoute } from "../network/http-route.ts";
import type { Network } from "../network/network.ts";
import { withDeadline } from "./deadline.ts";
import { PrivateHostError, type Reach } from "./resolve-host.ts";

/** Enough for http to https to a CDN and back; a loop ends here. */
const MAX_REDIRECTS = 5;

const USER_AGENT = "Riptide/0.1";

export interface HttpGetOptions {
  readonly network: Network;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Of the body as sent and as unpacked, whichever is larger. */
  readonly maxBytes: number;
  /** Over the whole transfer: names, redirects, headers and body. */
  readonly timeoutMs: number;
  /** Connects over IPv4 or over IPv6 only; either if undefined. */
  readonly family?: 4 | 6 | undefined;
  readonly reach: Reach;
}

/** Connections that are kept for the next request, at most so many to a host. */
export interface HttpAgents {
  readonly http: HttpAgent;
  readonly https: HttpsAgent;
}

export interface HttpOpenOptions {
  readonly network: Network;
  /** Connects over IPv4 or over IPv6 only; either if undefined. */
  readonly family?: 4 | 6 | undefined;
  readonly reach: Reach;
  /** Sent with every hop: nothing secret. */
  readonly headers: Readonly<Record<string, string>>;
  /** A connection for each request unless given. */
  readonly agents?: HttpAgents;
  /** Aborts the transfer, its body included. */
  readonly signal: AbortSignal;
}

/** An answer that is no redirect. Whoever asked reads its body or destroys it. */
export interface HttpAnswer {
  readonly response: IncomingMessage;
  /** Where it came from, and how far redirects from there may lead. */
  readonly url: string;
  readonly reach: Reach;
}

/** A transfer that failed. The message is a clause, made to stand in the caller's sentence after a colon. */
export class HttpGetError extends Error {
  override readonly name = "HttpGetError";
}

/**
 * Gets a small http or https document from a server that nobody vouches for: bounded in time, bytes (also when packed) and redirects,
 * each hop by the way that `httpRoute` names. Rejects with `HttpGetError` or the signal's reason.
 */
export async function httpGet(url: string, options: HttpGetOptions): Promise<Uint8Array> {
  const deadline = { ...options, timeoutError: () => new HttpGetError("the server takes too long") };
  return await withDeadline(deadline, async (signal) => {
    try {
      return await getDocument(url, options, signal);
    } catch (cause) {
      if (cause instanceof HttpGetError) throw cause;
      throw new HttpGetError("the server cannot be reached", { cause });
    }
  });
}

async function getDocument(url: string, options: HttpGetOptions, signal: AbortSignal): Promise<Uint8Array> {
  const { maxBytes, network, family, reach } = options;
  const headers = { "accept-encoding": "gzip, deflate" };
  const { response } = await openHttp(url, { network, family, reach, headers, signal });
  try {
    return await readBody(response, maxBytes);
  } finally {
    response.destroy();
  }
}

/**
 * Asks for a URL, over at most five redirects, each hop by the way that `httpRoute` names. Rejects with
 * `HttpGetError`, the error of the connection or the signal's reason.
 */
export async function openHttp(url: string, options: HttpOpenOptions): Promise<HttpAnswer> {
  let target = checkTarget(url);
  let { reach } = options;
  for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
    const route = await findRoute(target, { ...options, reach });
    const response = await openResponse(target, route.options, options);
    // A server of the internet has no business to send us to one of this network.
    if (route.isPublic) reach = "public";
    const { location } = response.headers;
    if (!isRedirect(response) || location === undefined) return { response, url: target.href, reach };
    response.destroy();
    target = checkTarget(location, target);
  }
  throw new HttpGetError("the server redirects too often");
}

async function findRoute(target: URL, { network, family, reach, signal }: HttpOpenOptions): Promise<HttpRoute> {
  try {
    return await httpRoute(network, target, { signal, family, reach });
  } catch (cause) {
    if (!(cause instanceof PrivateHostError)) throw cause;
    throw new HttpGetError("the server is in a private network", { cause });
  }
}

function checkTarget(url: string, base?: URL): URL {
  const target = URL.canParse(url, base?.href) ? new URL(url, base) : undefined;
  if (target?.protocol === "http:" || target?.protocol === "https:") return target;
  throw new HttpGetError("the address is no http or https address");
}

async function openResponse(
  target: URL,
  route: RequestOptions,
  { headers, agents, signal }: HttpOpenOptions,
): Promise<IncomingMessage> {
  const isSecure = target.protocol === "https:";
  const open = isSecure ? httpsRequest : httpRequest;
  // A tunnel makes its own connection, which no agent keeps.
  const agent = route.createConnection === undefined && (isSecure ? agents?.https : agents?.http);
  return await new Promise((resolve, reject) => {
    const request = open(target, {
      ...route,
      ...(agent && { agent }),
      headers: { "user-agent": USER_AGENT, ...headers },
    });
    // Not by the option `signal`: it destroys a kept connection with an error that nobody listens for, which ends the process.
    const abort = (): void => {
      request.destroy();
      reject(signal.reason);
    };
    signal.addEventListener("abort", abort, { once: true });
    if (signal.aborted) abort();
    request.once("response", (response) => {
      // It may fail before, and after, its body is read: nobody else listens then, and an error that nobody hears ends the process.
      response.on("error", () => undefined);
      resolve(response);
    });
    // RFC 9110 §15.2.2: 101 is the answer to an `Upgrade` that was not asked for here; no response follows it.
    request.once("upgrade", ({ statusCode }, socket) => {
      socket.destroy();
      reject(new HttpGetError(`the server answers ${statusCode}`));
    });
    // Stays for good: a socket may fail again after the response came.
    request.on("error", reject);
    request.once("close", () => {
      signal.removeEventListener("abort", abort);
      reject(new HttpGetError("the server hangs up"));
    });
    request.end();
  });
}

/** RFC 9110 §15.4. */
function isRedirect({ statusCode }: IncomingMessage): boolean {
  return statusCode !== undefined && [301, 302, 303, 307, 308].includes(statusCode);
}

async function readBody(response: IncomingMessage, maxBytes: number): Promise<Uint8Array> {
  if (response.statusCode !== 200) throw new HttpGetError(`the server answers ${response.statusCode}`);
  if (Number(response.headers["content-length"]) > maxBytes) throw tooLarge();
  const chunks: Uint8Array[] = [];
  let receivedBytes = 0;
  for await (const chunk of decodedBody(response)) {
    receivedBytes += chunk.length;
    if (receivedBytes > maxBytes) throw tooLarge();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Counted after unpacking and read no faster than it is counted, so a gzip bomb stops at the limit. */
function decodedBody(response: IncomingMessage): AsyncIterable<Uint8Array> {
  const unpack = unpackerFor(response.headers["content-encoding"]);
  // The callback form reports failures to the reader of the last stream; there is nothing left to do for it.
  const body: Readable = unpack === undefined ? response : pipeline(response, unpack, () => {});
  return body;
}

/** RFC 9110 §8.4.1: x-gzip is the same as gzip. */
function unpackerFor(encoding: string | undefined): Transform | undefined {
  switch (encoding?.trim().toLowerCase() ?? "identity") {
    case "gzip":
    case "x-gzip":
      return createGunzip();
    case "deflate":
      return createInflate();
    default:
      return undefined;
  }
}

function tooLarge(): HttpGetError {
  return new HttpGetError("the document is too large");
}
