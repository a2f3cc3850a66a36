import type { Clock, StreamContext } from "@riptide/core";
import { createTimings, type Preparation, type PreparedPart } from "@riptide/stream";
import type { AppOptions } from "./app-options.ts";
import { isExpected } from "./problem.ts";
import type { FileTarget } from "./routes/targets.ts";

/** As many next episodes and resume points as a page with several viewers asks for; the oldest makes way. */
const PREPARATIONS_LIMIT = 8;
/** As long as the longest part plays: a swarm that has not brought it by then is too slow for it. */
const PREPARATION_LIMIT_MS = 10 * 60 * 1000;

interface Running {
  readonly controller: AbortController;
  readonly limit: Disposable;
  preparation: Preparation | undefined;
}

/** What is fetched before anybody plays it, one wish for each file: the latest. */
export class Preparations {
  readonly #options: AppOptions;
  readonly #clock: Clock;
  /** By file, the oldest first. */
  readonly #running = new Map<string, Running>();

  constructor(options: AppOptions) {
    this.#options = options;
    this.#clock = options.clock;
    options.draining?.addEventListener("abort", () => this.#stopAll());
  }

  /** Begins to fetch head and index of a file that is listed, and a part of it. It ends by itself. */
  start(target: FileTarget, part: PreparedPart | undefined): void {
    const key = keyOf(target);
    this.#stop(key);
    const [oldest] = this.#running.keys();
    if (this.#running.size >= PREPARATIONS_LIMIT && oldest !== undefined) this.#stop(oldest);
    if (this.#options.draining?.aborted === true) return;
    const controller = new AbortController();
    const limit = this.#clock.setTimer(PREPARATION_LIMIT_MS, () => this.#stop(key));
    const running: Running = { controller, limit, preparation: undefined };
    this.#running.set(key, running);
    void this.#run(running, target, part).finally(() => {
      limit[Symbol.dispose]();
      if (this.#running.get(key) === running) this.#running.delete(key);
    });
  }

  /** Somebody opens a file: he is not to wait behind everybody else for what he would share. */
  hasten(target: FileTarget): void {
    this.#running.get(keyOf(target))?.preparation?.hasten();
  }

  async #run(running: Running, target: FileTarget, part: PreparedPart | undefined): Promise<void> {
    const { engine, streams, log } = this.#options;
    const { signal } = running.controller;
    try {
      const { provider, torrent, file } = await engine.openFile(target.infoHash, target.index, { signal });
      const opened = { infoHash: torrent.infoHash, index: file.index, name: file.path };
      const context: StreamContext = {
        provider,
        file: opened,
        clock: this.#clock,
        timings: createTimings(this.#clock),
        signal,
      };
      running.preparation = streams.prepare(context, part);
      await running.preparation.done;
    } catch (error) {
      // Whoever plays the file is told why it cannot be played.
      if (!signal.aborted && !isExpected(error)) log?.("A film could not be prepared", error);
    }
  }

  #stop(key: string): void {
    const running = this.#running.get(key);
    this.#running.delete(key);
    running?.limit[Symbol.dispose]();
    running?.controller.abort(new DOMException("Nobody asks for this any more.", "AbortError"));
  }

  #stopAll(): void {
    for (const key of this.#running.keys()) this.#stop(key);
  }
}

function keyOf({ infoHash, index }: FileTarget): string {
  return `${infoHash}-${index}`;
}
