import { downloadText } from "../api/client.ts";
import { type ListedRendition, type PlaylistSegment, parseMedia } from "./playlist.ts";

/** Lists texts in the menu of a `<video>`, and shows the chosen one: segment by segment, as the film comes to it. */
export function listTexts(video: HTMLVideoElement, texts: readonly ListedRendition[], signal: AbortSignal): void {
  for (const { name, language, url } of texts) {
    if (url === undefined) continue;
    const text = new SegmentedText(video, trackOf(video, name, language), url, signal);
    const look = (): void => void text.look();
    for (const event of ["timeupdate", "seeking"]) video.addEventListener(event, look, { signal });
    video.textTracks.addEventListener("change", look, { signal });
  }
}

/** What is listed cannot be taken off: a film that goes on with another sound finds its texts there. */
function trackOf(video: HTMLVideoElement, name: string, language: string): TextTrack {
  const listed = Array.from(video.textTracks).find((track) => track.label === name && track.language === language);
  if (listed !== undefined) return listed;
  const track = video.addTextTrack("subtitles", name, language);
  track.mode = "disabled"; // it would be hidden, which is as good as shown
  return track;
}

/** Lines are there by so much before they are shown. */
const AHEAD_SECONDS = 10;

class SegmentedText {
  readonly #video: HTMLVideoElement;
  readonly #track: TextTrack;
  readonly #url: string;
  readonly #signal: AbortSignal;
  #segments: Promise<readonly PlaylistSegment[]> | undefined;
  readonly #asked = new Set<string>();

  constructor(video: HTMLVideoElement, track: TextTrack, url: string, signal: AbortSignal) {
    this.#video = video;
    this.#track = track;
    this.#url = url;
    this.#signal = signal;
  }

  /** Fetches what is to be shown soon, unless nobody wants to see it. */
  async look(): Promise<void> {
    if (this.#track.mode === "disabled") return;
    this.#segments ??= downloadText(this.#url, this.#signal).then((text) => parseMedia(text, this.#url).segments);
    const segments = await this.#segments.catch(() => []);
    const { currentTime } = this.#video;
    for (const { startSeconds, endSeconds, url } of segments) {
      const isNear = endSeconds > currentTime && startSeconds < currentTime + AHEAD_SECONDS;
      if (!isNear || this.#asked.has(url) || this.#signal.aborted) continue;
      this.#asked.add(url);
      this.#load(url);
    }
  }

  /** The browser reads it: a line that goes on from the segment before is in both. */
  #load(url: string): void {
    const loader = document.createElement("track");
    const leave = (): void => loader.remove();
    const take = (): void => {
      for (const cue of Array.from(loader.track.cues ?? [])) if (!this.#has(cue)) this.#track.addCue(cue);
      leave();
    };
    loader.kind = "metadata";
    loader.addEventListener("load", take, { signal: this.#signal });
    loader.addEventListener("error", leave);
    this.#signal.addEventListener("abort", leave);
    loader.src = url;
    this.#video.append(loader);
    loader.track.mode = "hidden";
  }

  #has(cue: TextTrackCue): boolean {
    return Array.from(this.#track.cues ?? []).some(
      (other) => other.startTime === cue.startTime && other.endTime === cue.endTime && textOf(other) === textOf(cue),
    );
  }
}

function textOf(cue: TextTrackCue): string | undefined {
  return cue instanceof VTTCue ? cue.text : undefined;
}
