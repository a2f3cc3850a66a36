import { useEffect, useState } from "react";
import { withQuery } from "../../api/client.ts";
import { stretchAt } from "./lines.ts";

/** Where subtitles come from. */
export type ContentSource =
  /** With `isPartial` they grow as the film comes, and there are more of them for each stretch of it. */
  { readonly url: string; readonly isPartial: boolean } | { readonly file: Blob };

/** What was not yet there is asked for again after so long. */
const AGAIN_MS = 4_000;
const LOOK_MS = 1_000;
const SERVER_ERROR = 500;

/**
 * The bytes of subtitles for where a film plays, the newest there are; undefined until the first are there. The last ones stay until others
 * come.
 */
export function useContent(source: ContentSource, video: HTMLVideoElement): Blob | undefined {
  const [content, setContent] = useState<Blob>();
  useEffect(() => {
    if ("file" in source) return setContent(source.file);
    const ended = new AbortController();
    const stretches = new Stretches(source, setContent, ended.signal);
    const look = (): void => void stretches.look(video.currentTime);
    const timer = setInterval(look, LOOK_MS);
    video.addEventListener("seeking", look, { signal: ended.signal });
    look();
    return () => {
      clearInterval(timer);
      ended.abort();
    };
  }, [source, video]);
  return content;
}

/** Fetches the stretch in which a film plays, once, or until it is whole. */
class Stretches {
  readonly #source: { readonly url: string; readonly isPartial: boolean };
  readonly #take: (content: Blob) => void;
  readonly #signal: AbortSignal;
  #url: string | undefined;
  #isWhole = false;
  #askedAtMs = Number.NEGATIVE_INFINITY;
  /** Of what was there of this stretch. */
  #sizeBytes: number | undefined;

  constructor(
    source: { readonly url: string; readonly isPartial: boolean },
    take: (content: Blob) => void,
    signal: AbortSignal,
  ) {
    this.#source = source;
    this.#take = take;
    this.#signal = signal;
  }

  async look(positionSeconds: number): Promise<void> {
    const url = this.#urlAt(positionSeconds);
    const isOther = url !== this.#url;
    const isDue = !this.#isWhole && performance.now() - this.#askedAtMs > AGAIN_MS;
    if (!isOther && !isDue) return;
    this.#url = url;
    this.#askedAtMs = performance.now();
    this.#isWhole = false;
    if (isOther) this.#sizeBytes = undefined;
    try {
      const response = await fetch(url, { signal: this.#signal });
      const content = await response.blob();
      if (url !== this.#url) return;
      // What the server refuses, it refuses the next time, too.
      const isPart = this.#source.isPartial && response.headers.get("cache-control") === "no-store";
      this.#isWhole = response.ok ? !isPart : response.status < SERVER_ERROR;
      if (!response.ok) return;
      if (content.size !== this.#sizeBytes) this.#take(content);
      this.#sizeBytes = content.size;
    } catch {
      // It is asked for again.
    }
  }

  #urlAt(positionSeconds: number): string {
    const { url, isPartial } = this.#source;
    if (!isPartial) return url;
    const { fromSeconds, toSeconds } = stretchAt(positionSeconds);
    return withQuery(withQuery(url, "from", String(fromSeconds)), "to", String(toSeconds));
  }
}
