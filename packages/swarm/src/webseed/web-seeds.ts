import type { PeerKey } from "../download/index.ts";
import { MAX_WEB_SEEDS } from "../metainfo/torrent-urls.ts";
import { WebSeed, type WebSeedOptions } from "./web-seed.ts";

/** Connections have positive keys, and blocks of an earlier run have -1. */
const FIRST_KEY: PeerKey = -2;

export type WebSeedsOptions = Omit<WebSeedOptions, "key" | "url">;

/** The web seeds of one torrent (BEP 19), each a peer of its downloader. */
export class WebSeeds {
  readonly #options: WebSeedsOptions;
  readonly #seeds = new Map<PeerKey, WebSeed>();
  readonly #urls = new Set<string>();
  #receivedBytes = 0;

  constructor(options: WebSeedsOptions) {
    this.#options = options;
  }

  /** What all of them have sent. */
  get receivedBytes(): number {
    return this.#receivedBytes;
  }

  /** Takes up those that are new. */
  learn(urls: readonly string[]): void {
    for (const url of urls) {
      if (this.#urls.has(url) || this.#urls.size >= MAX_WEB_SEEDS) continue;
      const key = FIRST_KEY - this.#urls.size;
      this.#urls.add(url);
      const seed = new WebSeed({ ...this.#options, key, url, onReceived: (bytes) => this.#received(bytes) });
      this.#seeds.set(key, seed);
      seed.start();
    }
  }

  get(key: PeerKey): WebSeed | undefined {
    return this.#seeds.get(key);
  }

  /** Lets go of everything of a server that lied. */
  ban(host: string): void {
    for (const [key, seed] of this.#seeds) {
      if (seed.host !== host) continue;
      this.#seeds.delete(key);
      seed.close();
    }
  }

  close(): void {
    for (const seed of this.#seeds.values()) seed.close();
    this.#seeds.clear();
  }

  #received(bytes: number): void {
    this.#receivedBytes += bytes;
    this.#options.onReceived(bytes);
  }
}
