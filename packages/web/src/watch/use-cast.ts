import { useEffect, useState } from "react";
import { directUrl } from "../api/client.ts";
import type { FilmState } from "./use-film.ts";

/** What Safari has in place of the Remote Playback API. */
interface AirPlayVideo extends HTMLVideoElement {
  webkitShowPlaybackTargetPicker?(): void;
}

export interface Casting {
  /** Whether there is a device to play on. */
  readonly isAvailable: boolean;
  /** Lets the user choose one. */
  readonly start: () => void;
}

/**
 * Other devices to play on. They are looked for with an element of its own: what is fed by the page itself does not leave this device,
 * so a film goes on by its address once somebody wants it elsewhere.
 */
export function useCast(video: HTMLVideoElement, film: FilmState, file: { infoHash: string; index: number }): Casting {
  const { infoHash, index } = file;
  const [isAvailable, setIsAvailable] = useState(false);
  useEffect(() => {
    const scout = document.createElement("video");
    scout.preload = "none";
    scout.src = directUrl(infoHash, index);
    const ended = new AbortController();
    watchDevices(scout, setIsAvailable, ended.signal);
    return () => ended.abort();
  }, [infoHash, index]);
  const start = (): void => {
    film.playByAddress();
    const airPlay: AirPlayVideo = video;
    if (airPlay.webkitShowPlaybackTargetPicker !== undefined) return airPlay.webkitShowPlaybackTargetPicker();
    // A device is chosen for what plays.
    const prompt = (): void => void video.remote.prompt().catch(() => {});
    if (video.readyState >= HTMLMediaElement.HAVE_METADATA && !video.src.startsWith("blob:")) prompt();
    else video.addEventListener("loadedmetadata", prompt, { once: true });
  };
  return { isAvailable, start };
}

const AIRPLAY_EVENT = "webkitplaybacktargetavailabilitychanged";

function watchDevices(scout: HTMLVideoElement, tell: (isAvailable: boolean) => void, signal: AbortSignal): void {
  if ("webkitShowPlaybackTargetPicker" in scout) {
    const hear = (event: Event): void => tell("availability" in event && event.availability === "available");
    scout.addEventListener(AIRPLAY_EVENT, hear, { signal });
    return;
  }
  if (!("remote" in scout)) return;
  const { remote } = scout;
  // Where devices cannot be watched for, the user finds out: the browser then says that it cannot tell.
  remote.watchAvailability((isAvailable) => signal.aborted || tell(isAvailable)).catch(() => {});
  signal.addEventListener("abort", () => void remote.cancelWatchAvailability().catch(() => {}));
}
