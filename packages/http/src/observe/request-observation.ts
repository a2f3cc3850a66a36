import type { Clock, PieceProvider } from "@riptide/core";
import { entryOf, type RequestObserver, type RequestRecord, type StreamRecord, sourceOf } from "./request-record.ts";
import { STALL_MIN_MS, type Stall, StallWatch } from "./stall.ts";

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

  /** The method and the pattern of the address: what was asked for holds names, hashes and secrets. */
  get name(): string {
    return `${this.#request.method} ${this.#route}`;
  }

  /** Of a request for a stream. */
  get stream(): StreamRecord | undefined {
    return this.#stream;
  }

  /** It is answered with a problem document. */
  failed(code: string): void {
    this.#code = code;
  }

  /** The request is one for a stream of this file: its reads say what it waits for, and `isDiskStuck` whether it is room on the disk. */
  watchReads(
    provider: PieceProvider,
    file: { readonly infoHash: string; readonly index: number },
    isDiskStuck: () => boolean,
  ): PieceProvider {
    const source = sourceOf(this.#route);
    const { infoHash, index } = file;
    const entry = entryOf(this.#request, source);
    this.#stream = { streamId: this.#options.newId(), infoHash, index, source, entry };
    return this.#stalls.watch(provider, isDiskStuck);
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
    let pause: (() => Stall) | undefined;
    return new ReadableStream<Uint8Array>(
      {
        pull: async (controller) => {
          this.#paused(pause);
          pause = this.#stalls.begin();
          try {
            const { done, value } = await reader.read();
            if (done) {
              controller.close();
              this.#end(status, "complete");
              return;
            }
            this.#paused(pause);
            this.#came(value.length);
            pause = this.#stalls.beginClient();
            controller.enqueue(value);
          } catch (error) {
            this.#paused(pause);
            this.#end(status, this.#request.signal.aborted ? "cut" : "failed");
            throw error;
          }
        },
        cancel: async (reason) => {
          this.#paused(pause);
          this.#end(status, "cut");
          await reader.cancel(reason);
        },
      },
      { highWaterMark: 0 },
    );
  }

  #came(bytes: number): void {
    const isFirst = this.#ttfbMs === undefined;
    this.#ttfbMs ??= this.#options.clock.nowMs() - this.#startMs;
    this.#bytes += bytes;
    const stream = this.#stream;
    if (stream === undefined) return;
    this.#tell((observer) => observer.streamSent?.(bytes));
    if (isFirst) this.#tell((observer) => observer.streamBegan?.(stream, this.#ttfbMs!));
  }

  /** What the body waited for has come, or nobody waits for it any more. Before its first byte a stream does not stall, it starts. */
  #paused(pause: (() => Stall) | undefined): void {
    if (pause === undefined || this.#stream === undefined || this.#ttfbMs === undefined || this.#hasEnded) return;
    const { cause, durationMs } = pause();
    if (durationMs >= STALL_MIN_MS) this.#tell((observer) => observer.streamStalled?.(cause, durationMs));
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

/** Nobody asks for it any more. */
export function forgetObservation(request: Request): void {
  observations.delete(request);
}
