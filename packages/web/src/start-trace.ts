import type { Torrent } from "@riptide/http";
import { showTorrent } from "./api.ts";
import { formatBytes, formatCount, formatSeconds } from "./format.ts";

const REFRESH_MS = 100;

/**
 * Tells, from the click to the first picture, what the player waits for, how long, and how much was downloaded for it.
 */
export class StartTrace {
  readonly #video: HTMLVideoElement;
  readonly #line: HTMLElement;
  readonly #atStart: Torrent;
  readonly #startMs = performance.now();
  readonly #stopped = new AbortController();
  #latest: Torrent;

  constructor(video: HTMLVideoElement, line: HTMLElement, torrent: Torrent) {
    this.#video = video;
    this.#line = line;
    this.#atStart = torrent;
    this.#latest = torrent;
    const { signal } = this.#stopped;
    const refresh = setInterval(() => this.#tellProgress(), REFRESH_MS);
    signal.addEventListener("abort", () => clearInterval(refresh));
    video.addEventListener("loadeddata", () => void this.#tellResult(), { signal });
    this.#tellProgress();
  }

  /** Newer numbers of the torrent that is played. */
  update(torrent: Torrent): void {
    if (torrent.infoHash === this.#atStart.infoHash) this.#latest = torrent;
  }

  stop(): void {
    this.#stopped.abort();
  }

  #tellProgress(): void {
    const isHead = this.#video.readyState < HTMLMediaElement.HAVE_METADATA;
    const waitingFor = isHead ? "Reading the head of the film…" : "Waiting for the first picture…";
    const peers = formatCount(this.#latest.connectedPeers, "peer");
    this.#line.textContent = `${waitingFor} ${this.#elapsed()}, ${this.#downloaded()} from ${peers}`;
  }

  async #tellResult(): Promise<void> {
    const elapsed = this.#elapsed();
    this.stop();
    this.update(await showTorrent(this.#atStart.infoHash).catch(() => this.#latest));
    this.#line.textContent = `First picture after ${elapsed}, ${this.#downloaded()}`;
  }

  #elapsed(): string {
    return formatSeconds(performance.now() - this.#startMs);
  }

  #downloaded(): string {
    return `${formatBytes(this.#latest.downloadedBytes - this.#atStart.downloadedBytes)} downloaded`;
  }
}
