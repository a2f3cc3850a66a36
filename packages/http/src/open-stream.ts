import { type StreamContext, StreamError, type TorrentEngine } from "@riptide/core";
import { createTimings } from "@riptide/stream";
import type { AppOptions } from "./app-options.ts";
import { metadataPending } from "./listed-file.ts";
import { clientOf } from "./request-client.ts";
import type { FileTarget } from "./routes/targets.ts";

/** How long a request waits for a magnet's metadata: shorter than what players and proxies give up after. */
const METADATA_WAIT_MAX_MS = 30_000;

export interface RouteOptions extends AppOptions {
  /** Told before a file is opened for somebody who waits for it. */
  readonly opening: (target: FileTarget) => void;
}

export type OpenedStream = StreamContext & { readonly timings: ReturnType<typeof createTimings> };

/**
 * Opens the file that a request names, as the context of a producer. GET waits for the metadata of a magnet, at most
 * 30 s; HEAD never waits. Rejects with `metadata_pending` if it is not there by then, `torrent_not_found`,
 * `file_not_found`, or the torrent's own failure.
 */
export async function openStream(request: Request, target: FileTarget, options: RouteOptions): Promise<OpenedStream> {
  const { engine, clock, chunks } = options;
  if (request.method === "HEAD") assertMetadata(engine, target.infoHash);
  options.opening(target);
  const timings = createTimings(clock);
  const client = followClient(request.signal);
  const startMs = clock.nowMs();
  using wait = boundedWait(client, options);
  const { provider, torrent, file } = await engine.openFile(target.infoHash, target.index, { signal: wait.signal });
  timings.record("metadata", clock.nowMs() - startMs);
  const name = file.path.slice(file.path.lastIndexOf("/") + 1);
  const opened = { infoHash: torrent.infoHash, index: file.index, name };
  return { provider, file: opened, clock, timings, chunks, signal: client, client: clientOf(request) };
}

/** The signal of a request, with a reason that is an `AbortError` whatever the server below gives as one. */
function followClient(requestSignal: AbortSignal): AbortSignal {
  const controller = new AbortController();
  const abort = (): void => controller.abort(new DOMException("The client closed the request.", "AbortError"));
  if (requestSignal.aborted) abort();
  else requestSignal.addEventListener("abort", abort, { once: true });
  return controller.signal;
}

/** A signal for a wait that ends with the client, with the server, or after `METADATA_WAIT_MAX_MS`. */
function boundedWait(
  client: AbortSignal,
  { clock, draining }: AppOptions,
): Disposable & { readonly signal: AbortSignal } {
  const controller = new AbortController();
  const onClientGone = (): void => controller.abort(client.reason);
  const onDraining = (): void => {
    controller.abort(new StreamError("engine_unavailable", "Riptide is shutting down. Try again when it is back."));
  };
  const timer = clock.setTimer(METADATA_WAIT_MAX_MS, () => controller.abort(metadataPending()));
  client.addEventListener("abort", onClientGone);
  draining?.addEventListener("abort", onDraining);
  if (client.aborted) onClientGone();
  if (draining?.aborted === true) onDraining();
  return {
    signal: controller.signal,
    [Symbol.dispose]() {
      timer[Symbol.dispose]();
      client.removeEventListener("abort", onClientGone);
      draining?.removeEventListener("abort", onDraining);
    },
  };
}

function assertMetadata(engine: TorrentEngine, infoHash: string): void {
  if (engine.get(infoHash)?.state === "metadata") throw metadataPending();
}
