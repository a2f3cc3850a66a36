import type { IncomingMessage } from "node:http";
import type { ByteRange, Clock } from "@riptide/core";
import { type HttpAgents, openHttp } from "../metainfo/http-get.ts";
import type { Reach } from "../metainfo/resolve-host.ts";
import type { Network } from "../network/network.ts";
import { readRetryAfter } from "./retry-policy.ts";
import { WebSeedError } from "./web-seed-error.ts";

/** A server that sends nothing for this long has forgotten us; the downloader asks others after a second. */
const PATIENCE_MS = 15_000;
/** A server without ranges sends the file from its start: what stands in front of the range is read past, if it is no more than this. */
export const MAX_SKIPPED_BYTES = 1024 * 1024;
/** Client errors that pass: timeout, too early, too many requests (RFC 9110 §15.5.9, RFC 8470 §5.2, RFC 6585 §4). */
const PASSING_STATUSES = [408, 425, 429];

export interface RangeRequest {
  readonly url: string;
  readonly range: ByteRange;
  /** What the torrent says. */
  readonly fileLengthBytes: number;
  readonly reach: Reach;
  readonly network: Network;
  readonly agents: HttpAgents | undefined;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Told how much of the answer stands in front of the range, if anything does: it is read past. */
  readonly onSkipping: (bytes: number) => void;
  /** Told where the answer came from, over redirects. */
  readonly onLocated: (location: { readonly url: string; readonly reach: Reach }) => void;
}

/**
 * Reads a range of a file from an http or https server that nobody vouches for: exactly those bytes, in order, in chunks that are only good
 * until the next one. What the server sends beyond is not read. Throws `WebSeedError` or the signal's reason.
 */
export async function* readRange(request: RangeRequest): AsyncGenerator<Uint8Array, void> {
  using watchdog = new Watchdog(request.clock, request.signal);
  const response = await open(request, watchdog.signal);
  try {
    let skipBytes = checkAnswer(response, request);
    if (skipBytes > 0) request.onSkipping(skipBytes);
    let leftBytes = request.range.end - request.range.start;
    const hasLength = Number(response.headers["content-length"]) === skipBytes + leftBytes;
    for await (const chunk of response as AsyncIterable<Uint8Array>) {
      watchdog.touch();
      const useful = chunk.subarray(skipBytes, skipBytes + leftBytes);
      skipBytes -= Math.min(skipBytes, chunk.length);
      leftBytes -= useful.length;
      if (useful.length > 0) yield useful;
      // Read to its end, the connection can be used again; but only the header says that this is the end.
      if (leftBytes === 0 && !hasLength) return;
    }
    if (leftBytes > 0) throw new WebSeedError("failed", "The web seed ended its answer early");
  } catch (error) {
    throw failureOf(error, watchdog.signal);
  } finally {
    // Also one that is there whole and was not read, as an error without a body: it would keep its connection for ever.
    if (!response.readableEnded) response.destroy();
  }
}

async function open(request: RangeRequest, signal: AbortSignal): Promise<IncomingMessage> {
  const { url, range, reach, network, agents, onLocated } = request;
  const headers = { range: `bytes=${range.start}-${range.end - 1}`, "accept-encoding": "identity" };
  try {
    const answer = await openHttp(url, { network, reach, headers, signal, ...(agents && { agents }) });
    onLocated(answer);
    return answer.response;
  } catch (error) {
    throw failureOf(error, signal);
  }
}

/** How many bytes stand in front of the range. Throws `WebSeedError` unless the answer holds the range. */
function checkAnswer(response: IncomingMessage, { range, fileLengthBytes }: RangeRequest): number {
  const { statusCode = 0, headers } = response;
  const encoding = headers["content-encoding"] ?? "identity";
  if (statusCode >= 400 || (statusCode !== 200 && statusCode !== 206)) throw statusError(response);
  if (encoding !== "identity") throw new WebSeedError("failed", `The web seed packs its answer by ${encoding}`);
  if (statusCode === 206) {
    checkContentRange(headers["content-range"], range, fileLengthBytes);
    return 0;
  }
  // RFC 9110 §14.2: a server may ignore Range, and sends all of the file.
  const lengthText = headers["content-length"];
  if (lengthText !== undefined && Number(lengthText) !== fileLengthBytes) throw otherFile();
  if (range.start > MAX_SKIPPED_BYTES) throw new WebSeedError("absent", "The web seed does not send parts of files");
  return range.start;
}

/** RFC 9110 §14.4: `bytes first-last/complete`; §15.3.7 forbids to take a part for another one. */
function checkContentRange(header: string | undefined, range: ByteRange, fileLengthBytes: number): void {
  const [, first, last, complete] = /^bytes (\d+)-(\d+)\/(\d+|\*)$/i.exec(header?.trim() ?? "") ?? [];
  if (complete !== undefined && complete !== "*" && Number(complete) !== fileLengthBytes) throw otherFile();
  if (Number(first) !== range.start || Number(last) !== range.end - 1) {
    throw new WebSeedError("failed", "The web seed sends another range than it was asked for");
  }
}

function statusError({ statusCode = 0, headers }: IncomingMessage): WebSeedError {
  const isAbsent = statusCode >= 400 && statusCode < 500 && !PASSING_STATUSES.includes(statusCode);
  const retryAfterMs = readRetryAfter(headers["retry-after"], Date.now());
  return new WebSeedError(isAbsent ? "absent" : "failed", `The web seed answers ${statusCode}`, { retryAfterMs });
}

function otherFile(): WebSeedError {
  return new WebSeedError("absent", "The web seed has a file of another length");
}

function failureOf(error: unknown, signal: AbortSignal): unknown {
  if (signal.aborted) return signal.reason;
  return error instanceof WebSeedError
    ? error
    : new WebSeedError("failed", "The web seed cannot be read", { cause: error });
}

/** Aborts when nothing has come for a while, or when the caller's signal does. One timer, however many chunks come. */
class Watchdog implements Disposable {
  readonly #clock: Clock;
  readonly #outer: AbortSignal;
  readonly #controller = new AbortController();
  #touchedMs: number;
  #timer: Disposable | undefined;

  constructor(clock: Clock, outer: AbortSignal) {
    this.#clock = clock;
    this.#outer = outer;
    this.#touchedMs = clock.nowMs();
    outer.addEventListener("abort", this.#onAbort, { once: true });
    if (outer.aborted) this.#onAbort();
    this.#watch(PATIENCE_MS);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  touch(): void {
    this.#touchedMs = this.#clock.nowMs();
  }

  [Symbol.dispose](): void {
    this.#timer?.[Symbol.dispose]();
    this.#outer.removeEventListener("abort", this.#onAbort);
  }

  #watch(delayMs: number): void {
    this.#timer = this.#clock.setTimer(delayMs, () => {
      const leftMs = this.#touchedMs + PATIENCE_MS - this.#clock.nowMs();
      if (leftMs > 0) this.#watch(leftMs);
      else this.#controller.abort(new WebSeedError("failed", "The web seed sends nothing"));
    });
  }

  readonly #onAbort = (): void => this.#controller.abort(this.#outer.reason);
}
