import { isTemporary } from "../api/client.ts";
import { aheadSeconds, placeToFetch, staleRange, type TimeRange } from "./feed-plan.ts";

/** Media from a time of the film on, or from shortly before it, with its initialization. Rejects once the signal is aborted. */
export type OpenMedia = (fromSeconds: number, signal: AbortSignal) => AsyncGenerator<Uint8Array<ArrayBuffer>, void>;

export interface MediaFeedOptions {
  readonly video: HTMLVideoElement;
  readonly source: MediaSource;
  readonly buffer: SourceBuffer;
  /** Of the film, as far as this buffer is concerned. */
  readonly endSeconds: number;
  readonly open: OpenMedia;
  readonly signal: AbortSignal;
  /** Whether all others are over. */
  readonly isAlone: () => boolean;
  /** There is more to be played than before. */
  readonly onData: () => void;
  /** There is all until the end of the film. */
  readonly onEnd: () => void;
  readonly onFailure: (error: unknown) => void;
}

/** What is kept for those who look again. */
const BEHIND_SECONDS = 30;
/** What is kept where the browser has no room for that. */
const BEHIND_MIN_SECONDS = 2;

/** What lets a download go on that has enough. */
const FEED_OVER = "feedover";
const MOVES = ["timeupdate", "seeking", "seeked", "loadeddata", FEED_OVER];

/** Together a quarter of a minute. */
const RETRIES_MAX = 5;
const RETRY_MS = 500;

/**
 * Keeps one `SourceBuffer` filled from where the film plays: by one download, which waits while enough lies ahead, and which gives way to
 * another one where the film is looked for elsewhere. All that is held ahead of where a download began is its own.
 */
export class MediaFeed {
  readonly #options: MediaFeedOptions;
  #download = new AbortController();
  /** Where the download under way began. */
  #fromSeconds: number | undefined;
  #failedAtSeconds = -1;
  #failures = 0;

  constructor(options: MediaFeedOptions) {
    this.#options = options;
    options.signal.addEventListener("abort", () => this.#download.abort());
  }

  /** Whether it has fetched all until the end. */
  get isOver(): boolean {
    return this.#fromSeconds === undefined && !this.#options.buffer.updating;
  }

  /** Fetches what the film needs where it plays now, unless that is there or on its way. */
  follow(): void {
    const { video, endSeconds } = this.#options;
    const positionSeconds = video.currentTime;
    const state = { held: this.#held(), positionSeconds, reachedSeconds: this.#reachedSeconds(), endSeconds };
    const fromSeconds = placeToFetch(state);
    if (fromSeconds === undefined) return;
    this.#failures = 0;
    this.start(fromSeconds);
  }

  start(fromSeconds: number): void {
    this.#download.abort();
    this.#download = new AbortController();
    this.#fromSeconds = fromSeconds;
    void this.#fill(fromSeconds, this.#download.signal);
  }

  async #fill(fromSeconds: number, signal: AbortSignal): Promise<void> {
    const { video, open, onData, onEnd } = this.#options;
    const media = open(fromSeconds, signal);
    try {
      const first = media.next();
      first.catch(() => {}); // told below
      await this.#clear(fromSeconds, signal);
      for (let { value } = await first; value !== undefined; { value } = await media.next()) {
        await this.#append(value, signal);
        onData();
        await this.#room(signal);
      }
      signal.throwIfAborted();
      this.#fromSeconds = undefined;
      video.dispatchEvent(new Event(FEED_OVER)); // others may have waited
      onEnd();
    } catch (error) {
      if (!signal.aborted) await this.#recover(error, signal);
    } finally {
      void media.return().catch(() => {});
    }
  }

  /** What may be over soon is waited for, each time for longer; until the film has gone on, a few times. */
  async #recover(cause: unknown, signal: AbortSignal): Promise<void> {
    const reachedSeconds = this.#reachedSeconds() ?? 0;
    if (reachedSeconds > this.#failedAtSeconds) this.#failures = 0;
    this.#failedAtSeconds = reachedSeconds;
    if (!isTemporary(cause) || this.#failures === RETRIES_MAX) return this.#options.onFailure(cause);
    const waitMs = RETRY_MS * 2 ** this.#failures;
    this.#failures += 1;
    await delay(waitMs, signal).catch(() => {});
    if (!signal.aborted) this.start(reachedSeconds);
  }

  async #clear(fromSeconds: number, signal: AbortSignal): Promise<void> {
    const { buffer, source } = this.#options;
    await this.#idle(signal);
    // Half a fragment may be all that came of the last one.
    if (source.readyState === "open") buffer.abort();
    if ((this.#held().at(-1)?.endSeconds ?? 0) <= fromSeconds) return;
    buffer.remove(fromSeconds, Number.POSITIVE_INFINITY);
    await this.#idle(signal);
  }

  /** Waits while there is enough. */
  async #room(signal: AbortSignal): Promise<void> {
    const { video, isAlone } = this.#options;
    const isEnough = (): boolean => {
      const isShown = !video.seeking && video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA;
      const [fromSeconds, reachedSeconds] = [this.#fromSeconds ?? 0, this.#reachedSeconds() ?? 0];
      const positionSeconds = video.currentTime;
      return (
        reachedSeconds > positionSeconds + aheadSeconds({ positionSeconds, fromSeconds, isShown, isAlone: isAlone() })
      );
    };
    while (isEnough()) await this.#moved(signal);
    await this.#forget(BEHIND_SECONDS, signal);
  }

  async #append(chunk: Uint8Array<ArrayBuffer>, signal: AbortSignal): Promise<void> {
    for (;;) {
      try {
        this.#options.buffer.appendBuffer(chunk);
        return await this.#idle(signal);
      } catch (error) {
        if (!(error instanceof DOMException) || error.name !== "QuotaExceededError") throw error;
        if (!(await this.#forget(BEHIND_MIN_SECONDS, signal))) await this.#moved(signal);
      }
    }
  }

  /** Whether there was anything to throw away. */
  async #forget(behindSeconds: number, signal: AbortSignal): Promise<boolean> {
    const { video, buffer } = this.#options;
    const stale = staleRange(this.#held(), video.currentTime, behindSeconds);
    if (stale === undefined) return false;
    buffer.remove(stale.startSeconds, stale.endSeconds);
    await this.#idle(signal);
    return true;
  }

  #held(): TimeRange[] {
    return rangesOf(this.#options.buffer.buffered);
  }

  #reachedSeconds(): number | undefined {
    if (this.#fromSeconds === undefined) return undefined;
    return Math.max(this.#fromSeconds, this.#held().at(-1)?.endSeconds ?? 0);
  }

  /** Resolves when the buffer takes another order. */
  async #idle(signal: AbortSignal): Promise<void> {
    const { buffer } = this.#options;
    while (buffer.updating) await happened(buffer, ["updateend"], signal);
    signal.throwIfAborted();
  }

  #moved(signal: AbortSignal): Promise<void> {
    return happened(this.#options.video, MOVES, signal);
  }
}

export function rangesOf(ranges: TimeRanges): TimeRange[] {
  return Array.from({ length: ranges.length }, (_, index) => ({
    startSeconds: ranges.start(index),
    endSeconds: ranges.end(index),
  }));
}

function delay(milliseconds: number, signal: AbortSignal): Promise<void> {
  const timer = new EventTarget();
  const timeout = setTimeout(() => timer.dispatchEvent(new Event("over")), milliseconds);
  return happened(timer, ["over"], signal).finally(() => clearTimeout(timeout));
}

function happened(target: EventTarget, events: readonly string[], signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = new AbortController();
    const settle = (): void => {
      end.abort();
      if (signal.aborted) reject(signal.reason);
      else resolve();
    };
    if (signal.aborted) return settle();
    for (const event of events) target.addEventListener(event, settle, { signal: end.signal });
    signal.addEventListener("abort", settle, { signal: end.signal });
  });
}
