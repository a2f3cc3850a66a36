import type { Clock, TorrentEngine, ViewingStore } from "@riptide/core";
import { PendingEvents, type ServerEvent } from "./pending-events.ts";
import type { StreamActivity } from "./stream-activity.ts";

/** Proxies and clients take a silent connection for dead after 30 s and more; this is well below. */
const HEARTBEAT_MS = 15_000;

export interface EventSources {
  readonly engine: TorrentEngine;
  readonly activity: StreamActivity;
  readonly viewings: ViewingStore;
  readonly clock: Clock;
  /** The stream ends when one of these is aborted. */
  readonly ends: readonly AbortSignal[];
}

/**
 * Server-sent events (WHATWG HTML §9.2): a snapshot, then every change of the engine and what happens to streams, and a
 * comment when there was nothing to say for a while. Encodes only what the client takes; what it does not take is coalesced.
 * Ends when one of `ends` is aborted; cancelling it, or its end, releases the subscription and the timer.
 */
export function eventStream(sources: EventSources): ReadableStream<Uint8Array> {
  let feed: EventFeed | undefined;
  return new ReadableStream<Uint8Array>({
    start(controller) {
      feed = new EventFeed(sources, controller);
    },
    pull() {
      feed?.flush();
    },
    cancel() {
      feed?.release();
    },
  });
}

class EventFeed {
  readonly #engine: TorrentEngine;
  readonly #clock: Clock;
  readonly #ends: readonly AbortSignal[];
  readonly #controller: ReadableStreamDefaultController<Uint8Array>;
  readonly #pending = new PendingEvents();
  readonly #encoder = new TextEncoder();
  readonly #subscriptions: readonly Disposable[];
  readonly #end = (): void => this.#close();
  #heartbeat: Disposable;

  constructor(
    { engine, activity, viewings, clock, ends }: EventSources,
    controller: ReadableStreamDefaultController<Uint8Array>,
  ) {
    this.#engine = engine;
    this.#clock = clock;
    this.#ends = ends;
    this.#controller = controller;
    const hear = (event: Parameters<PendingEvents["add"]>[0]): void => {
      this.#pending.add(event);
      this.flush();
    };
    this.#subscriptions = [engine.subscribe(hear), activity.subscribe(hear), viewings.subscribe(hear)];
    this.#heartbeat = this.#startHeartbeat();
    for (const signal of ends) signal.addEventListener("abort", this.#end);
    if (ends.some((signal) => signal.aborted)) this.#close();
  }

  /** Sends what is pending, as far as the client takes it. */
  flush(): void {
    while ((this.#controller.desiredSize ?? 0) > 0) {
      const event = this.#pending.take(() => ({
        torrents: this.#engine.list(),
        engine: this.#engine.health(),
      }));
      if (event === undefined) return;
      this.#send(formatEvent(event));
    }
  }

  release(): void {
    for (const subscription of this.#subscriptions) subscription[Symbol.dispose]();
    this.#heartbeat[Symbol.dispose]();
    for (const signal of this.#ends) signal.removeEventListener("abort", this.#end);
  }

  #send(text: string): void {
    this.#controller.enqueue(this.#encoder.encode(text));
    this.#heartbeat[Symbol.dispose]();
    this.#heartbeat = this.#startHeartbeat();
  }

  #startHeartbeat(): Disposable {
    return this.#clock.setTimer(HEARTBEAT_MS, () => {
      if ((this.#controller.desiredSize ?? 0) > 0) this.#send(": heartbeat\n\n");
      else this.#heartbeat = this.#startHeartbeat();
    });
  }

  #close(): void {
    this.release();
    this.#controller.close();
  }
}

/** JSON has no raw line breaks, so one data line is enough. */
function formatEvent(event: ServerEvent): string {
  return `event: ${event.name}\ndata: ${JSON.stringify(event.data)}\n\n`;
}
