import { afterEach } from "vitest";
import { type App, type Listener, type ListenOptions, listen } from "../../src/index.ts";
import { Deferred } from "./deferred.ts";

const listeners: Listener[] = [];

/** Puts an app on a free port until the end of the test. */
export async function serve(app: App, options: Partial<ListenOptions> = {}): Promise<Listener> {
  const listener = await listen(app, { host: "127.0.0.1", port: 0, ...options });
  listeners.push(listener);
  return listener;
}

afterEach(async () => {
  for (const listener of listeners.splice(0)) await listener.close({ graceMs: 0 });
});

/** An app that answers every request alike. */
export function answering(respond: (request: Request) => Response): App {
  return { fetch: async (request) => respond(request) };
}

/** A body of these chunks, which then ends or fails. */
export function bodyOf(chunks: readonly Uint8Array[], failure?: unknown): ReadableStream<Uint8Array> {
  const left = [...chunks];
  return new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        const chunk = left.shift();
        if (chunk !== undefined) controller.enqueue(chunk);
        else if (failure === undefined) controller.close();
        else controller.error(failure);
      },
    },
    { highWaterMark: 0 },
  );
}

/** 1 MiB after the other, for as long as somebody takes them. */
export function endlessBody() {
  let pulledBytes = 0;
  const cancelled = new Deferred();
  const chunk = new Uint8Array(1024 * 1024);
  const stream = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        pulledBytes += chunk.length;
        controller.enqueue(chunk);
      },
      cancel: () => cancelled.resolve(),
    },
    { highWaterMark: 0 },
  );
  return { stream, cancelled: cancelled.promise, pulledBytes: () => pulledBytes };
}
