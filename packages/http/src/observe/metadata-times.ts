import type { Clock, TorrentEngine } from "@riptide/core";

/** Hears how long the metadata of each magnet took that is added from now on, until it is disposed. */
export class MetadataTimes implements Disposable {
  /** When those were added that wait for theirs, by info hash. */
  readonly #addedMs = new Map<string, number>();
  readonly #subscription: Disposable;

  constructor(engine: Pick<TorrentEngine, "subscribe">, clock: Clock, observe: (seconds: number) => void) {
    this.#subscription = engine.subscribe((event) => {
      if (event.type === "engine") return;
      if (event.type === "removed") {
        this.#addedMs.delete(event.infoHash);
        return;
      }
      const { infoHash, state } = event.torrent;
      const addedMs = this.#addedMs.get(infoHash);
      if (event.type === "added" && state === "metadata") this.#addedMs.set(infoHash, clock.nowMs());
      if (state === "metadata" || addedMs === undefined) return;
      this.#addedMs.delete(infoHash);
      if (state === "ready") observe((clock.nowMs() - addedMs) / 1000);
    });
  }

  [Symbol.dispose](): void {
    this.#subscription[Symbol.dispose]();
  }
}
