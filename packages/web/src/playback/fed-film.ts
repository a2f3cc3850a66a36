import { whyNotPlayable } from "../api/client.ts";
import { endOfGap } from "./feed-plan.ts";
import { MediaFeed, type OpenMedia, rangesOf } from "./media-feed.ts";
import { BROKEN_OFF, NOT_DECODED, type StreamOptions, start } from "./stream.ts";

/** What one `SourceBuffer` is fed with. */
interface FedStream {
  readonly endSeconds: number;
  /** With its codecs, as `addSourceBuffer` takes it. */
  readonly type: string;
  readonly open: OpenMedia;
}

export interface FedFilm {
  /** New; it is opened by being played. */
  readonly source: MediaSource;
  readonly streams: readonly FedStream[];
}

/** Plays what is downloaded through Media Source Extensions, and downloads it anew from wherever it is looked for. */
export function playFed(options: StreamOptions, film: FedFilm): void {
  const { video, startSeconds, signal } = options;
  const { source } = film;
  const url = URL.createObjectURL(source);
  signal.addEventListener("abort", () => {
    video.removeAttribute("src");
    video.load();
    URL.revokeObjectURL(url);
  });
  // It opens again whenever something is appended behind its end.
  source.addEventListener("sourceopen", () => startFeeds(options, film), { once: true, signal });
  video.addEventListener("error", () => options.fail(NOT_DECODED), { signal });
  // What could be played elsewhere does not open on iPhones.
  video.disableRemotePlayback = true;
  video.src = url;
  if (startSeconds > 0) video.currentTime = startSeconds;
  start(video);
}

function startFeeds(options: StreamOptions, { source, streams }: FedFilm): void {
  const { video, startSeconds, signal } = options;
  source.duration = Math.max(...streams.map(({ endSeconds }) => endSeconds));
  // All of them before any is fed: the first initialization closes the list.
  const buffers = streams.map((stream) => ({ ...stream, buffer: source.addSourceBuffer(stream.type) }));
  const onData = (): void => skipGap(video);
  const onEnd = (): void => {
    if (source.readyState === "open" && feeds.every(({ isOver }) => isOver)) source.endOfStream();
  };
  const onFailure = (error: unknown): void => void explain(error, options);
  const shared = { video, source, signal, onData, onEnd, onFailure };
  const isAlone = (): boolean => feeds.length > 1 && feeds.filter(({ isOver }) => !isOver).length === 1;
  const feeds = buffers.map((own) => new MediaFeed({ ...shared, ...own, isAlone }));
  for (const feed of feeds) feed.start(startSeconds);
  const follow = (): void => {
    for (const feed of feeds) feed.follow();
  };
  video.addEventListener("seeking", follow, { signal });
}

/** A picture may begin later than the film, or than the time that was looked for; and sound may be missing. */
function skipGap(video: HTMLVideoElement): void {
  if (video.readyState >= HTMLMediaElement.HAVE_FUTURE_DATA) return;
  const end = endOfGap(rangesOf(video.buffered), video.currentTime);
  if (end !== undefined) video.currentTime = end;
}

/** `fetch` tells of connections by a type of its own, and buffers by another one; we tell of answers by a sentence. */
async function explain(error: unknown, { url, fail }: StreamOptions): Promise<void> {
  if (error instanceof TypeError) return fail((await whyNotPlayable(url)) ?? BROKEN_OFF);
  fail(error instanceof Error && !(error instanceof DOMException) ? error.message : NOT_DECODED);
}
