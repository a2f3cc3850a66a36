import type { Clock, PieceProvider } from "@riptide/core";
import { entryOf, type RequestObserver, type RequestRecord, type StreamRecord, sourceOf } from "./request-record.ts";
import { STALL_MIN_MS, StallWatch } from "./stall.ts";

/** What a proxy may have called the request: letters that are safe in a log and in a header, and not many. */
const REQUEST_ID = /^[\w.-]{1,64}$/;

export interface ObservationOptions {
  readonly clock: Clock;
  readonly observers: readonly RequestObserver[];
  /** A new id that no other request has. */
  readonly newId: () => string;
}

/** Follows requests from outside: nothing that answers them knows more than `route`, `failed` and `watchReads`. */
export class RequestObservation {
  readonly requestId: string;
  readonly #options: ObservationOptions;
  readonly #request: Request;
  readonly #startMs: number;
  readonly #stalls: StallWatch;
  #route = "none";
  #code: string | undefined;
  #stream: StreamRecord | undefined;
  #bytes = 0;
  #ttfbMs: number | undefined;
  #isStreaming = false;
  #hasEnded = false;

  constructor(request: Request, options: ObservationOptions) {
    const named = request.headers.get("x-request-id");
    this.requestId = named !== null && REQUEST_ID.test(named) ? named : options.newId();
    this.#request = request;
    this.#options = options;
    this.#startMs = options.clock.nowMs();
    this.#stalls = new StallWatch(options.clock);
    observations.set(request, this);
  }

  /** The request is one for this pattern of addresses. */
  matched(route: string): void {
    this.#route = route === "/*" ? "none" : route;
  }

  /** It is answered with a problem document. */
  failed(code: string): void {
    this.#code = code;
  }

  /** The request is one for a stream of this file: its reads say what it waits for. */
  watchReads(provider: PieceProvider, file: { readonly infoHash: string; readonly index: number }): PieceProvider {
    const source = sourceOf(this.#route);
    const { infoHash, index } = file;
    const entry = entryOf(this.#request, source);
    this.#stream = { streamId: this.#options.newId(), infoHash, index, source, entry };
    return this.#stalls.watch(provider);
  }

  /** The response as it is to be sent. What is told of the request is told when its body ends. */
  respond(response: Response): Response {
    response.headers.set("x-request-id", this.requestId);
    if (response.body === null) {
      this.#end(response.status, "complete");
      return response;
    }
    this.#isStreaming = this.#stream !== undefined;
    if (this.#isStreaming) this.#tell((observer) => observer.streamOpened?.());
    const { status, statusText, headers } = response;
    return new Response(this.#follow(response.body, status), { status, statusText, headers });
  }

  #follow(body: ReadableStream<Uint8Array>, status: number): ReadableStream<Uint8Array> {
    const reader = body.getReader();
    let takenMs: number | undefined;
    return new ReadableStream<Uint8Array>(
      {
        pull: async (controller) => {
          if (takenMs !== undefined) this.#clientTook(takenMs);
          const endWait = this.#stalls.begin();
          try {
            const { done, value } = await reader.read();
            if (done) {
              controller.close();
              this.#end(status, "complete");
              return;
            }
            this.#came(value.length, endWait);
            takenMs = this.#options.clock.nowMs();
            controller.enqueue(value);
          } catch (error) {
            this.#end(status, this.#request.signal.aborted ? "cut" : "failed");
            throw error;
          }
        },
        cancel: async (reason) => {
          if (takenMs !== undefined) this.#clientTook(takenMs);
          this.#end(status, "cut");
          await reader.cancel(reason);
        },
      },
      { highWaterMark: 0 },
    );
  }

  #came(bytes: number, endWait: ReturnType<StallWatch["begin"]>): void {
    const isFirst = this.#ttfbMs === undefined;
    this.#ttfbMs ??= this.#options.clock.nowMs() - this.#startMs;
    this.#bytes += bytes;
    const stream = this.#stream;
    if (stream === undefined) return;
    this.#tell((observer) => observer.streamSent?.(bytes));
    const { cause, durationMs } = endWait();
    // Before its first byte a stream does not stall, it starts.
    if (isFirst) this.#tell((observer) => observer.streamBegan?.(stream, this.#ttfbMs!));
    else if (durationMs >= STALL_MIN_MS) this.#tell((observer) => observer.streamStalled?.(cause, durationMs));
  }

  /** The client has room again, or is gone. */
  #clientTook(sinceMs: number): void {
    const durationMs = this.#options.clock.nowMs() - sinceMs;
    if (this.#stream === undefined || this.#hasEnded || durationMs < STALL_MIN_MS) return;
    this.#tell((observer) => observer.streamStalled?.("client", durationMs));
  }

  #end(status: number, end: RequestRecord["end"]): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    if (this.#isStreaming) this.#tell((observer) => observer.streamClosed?.());
    const record: RequestRecord = {
      requestId: this.requestId,
      method: this.#request.method,
      route: this.#route,
      status,
      code: this.#code,
      bytes: this.#bytes,
      durationMs: this.#options.clock.nowMs() - this.#startMs,
      ttfbMs: this.#ttfbMs,
      end,
      stream: this.#stream,
    };
    this.#tell((observer) => observer.ended(record));
  }

  #tell(what: (observer: RequestObserver) => void): void {
    for (const observer of this.#options.observers) what(observer);
  }
}

/** Those under way, by request: routes need not hand them through. */
const observations = new WeakMap<Request, RequestObservation>();

export function observationOf(request: Request): RequestObservation | undefined {
  return observations.get(request);
}
