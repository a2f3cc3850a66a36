import { whyNotPlayable } from "../api/client.ts";

export interface StreamOptions {
  readonly video: HTMLVideoElement;
  readonly url: string;
  /** Where to begin, if the stream can be entered there. */
  readonly startSeconds: number;
  /** Which of the sound tracks of the file to play; undefined for the one that plays by itself. */
  readonly audio: number | undefined;
  /** Ends the stream when aborted: connections are closed, and the swarm stops caring. */
  readonly signal: AbortSignal;
  /** Told once, in a sentence, that the stream does not play, or no further. */
  readonly fail: (sentence: string) => void;
}

/** Plays an address by means of the `<video>` itself. */
export function playAddress({ video, url, startSeconds, signal, fail }: StreamOptions): void {
  const explain = async (): Promise<void> => fail((await whyNotPlayable(url)) ?? whatTheBrowserSays(video.error));
  video.addEventListener("error", () => void explain(), { signal });
  signal.addEventListener("abort", () => {
    video.removeAttribute("src");
    video.load(); // closes the connection
  });
  video.src = url;
  if (startSeconds > 0) video.currentTime = startSeconds;
  start(video);
}

/** A browser may want another click; what fails is told by other events. */
export function start(video: HTMLVideoElement): void {
  video.play().catch(() => {});
}

export const BROKEN_OFF = "The stream broke off. Press Play to try again.";
export const USE_ANOTHER_PLAYER = "Copy its URL and open it in VLC.";
export const NOT_DECODED = `The browser cannot play this format. ${USE_ANOTHER_PLAYER}`;

function whatTheBrowserSays(error: MediaError | null): string {
  return error?.code === MediaError.MEDIA_ERR_NETWORK ? BROKEN_OFF : NOT_DECODED;
}
