import { request as httpRequest, type IncomingMessage, type RequestOptions } from "node:http";
import { request as httpsRequest } from "node:https";
import { pipeline, type Readable, type Transform } from "node:stream";
import { createGunzip, createInflate } from "node:zlib";
import type { Clock } from "@riptide/core";
import { httpRoute } from "../network/http-route.ts";
import type { Network } from "../network/network.ts";
import { withDeadline } from "./deadline.ts";

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
      return await followRedirects(url, options, signal);
    } catch (cause) {
      if (cause instanceof HttpGetError) throw cause;
      throw new HttpGetError("the server cannot be reached", { cause });
    }
  });
}

async function followRedirects(
  url: string,
  { maxBytes, network, family }: HttpGetOptions,
  signal: AbortSignal,
): Promise<Uint8Array> {
  let target = checkTarget(url);
  for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
    const response = await openResponse(target, await httpRoute(network, target, { signal, family }), signal);
    try {
      const location = response.headers.location;
      if (!isRedirect(response) || location === undefined) return await readBody(response, maxBytes);
      target = checkTarget(location, target);
    } finally {
      response.destroy();
    }
  }
  throw new HttpGetError("the server redirects too often");
}

function checkTarget(url: string, base?: URL): URL {
  const target = URL.canParse(url, base?.href) ? new URL(url, base) : undefined;
  if (target?.protocol === "http:" || target?.protocol === "https:") return target;
  throw new HttpGetError("the address is no http or https address");
}

async function openResponse(target: URL, route: RequestOptions, signal: AbortSignal): Promise<IncomingMessage> {
  const open = target.protocol === "https:" ? httpsRequest : httpRequest;
  return await new Promise((resolve, reject) => {
    const headers = { "user-agent": USER_AGENT, "accept-encoding": "gzip, deflate" };
    const request = open(target, { ...route, headers, signal });
    request.once("response", resolve);
    // RFC 9110 §15.2.2: 101 is the answer to an `Upgrade` that was not asked for here; no response follows it.
    request.once("upgrade", ({ statusCode }, socket) => {
      socket.destroy();
      reject(new HttpGetError(`the server answers ${statusCode}`));
    });
    // Stays for good: a socket may fail again after the response came.
    request.on("error", reject);
    request.once("close", () => reject(new HttpGetError("the server hangs up")));
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
