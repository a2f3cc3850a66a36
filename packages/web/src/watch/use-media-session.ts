import { useEffect } from "react";
import type { Command } from "./keys.ts";

interface Shown {
  readonly title: string;
  readonly album: string;
}

interface SessionActions {
  readonly run: (command: Command) => void;
  readonly seekTo: (seconds: number) => void;
  readonly playNext: (() => void) | undefined;
}

const SEEK_SECONDS = 10;

/** Lets the keys of a keyboard, a headset and a lock screen control the film, which they call by its name. */
export function useMediaSession(
  video: HTMLVideoElement | null,
  { title, album }: Shown,
  actions: SessionActions,
): void {
  const { run, seekTo, playNext } = actions;
  useEffect(() => {
    if (!("mediaSession" in navigator)) return;
    navigator.mediaSession.metadata = new MediaMetadata({ title, album });
    return () => {
      navigator.mediaSession.metadata = null;
    };
  }, [title, album]);

  useEffect(() => {
    if (!("mediaSession" in navigator) || video === null) return;
    const handlers: [MediaSessionAction, MediaSessionActionHandler | null][] = [
      ["play", () => void video.play().catch(() => {})],
      ["pause", () => video.pause()],
      ["seekbackward", ({ seekOffset }) => run({ kind: "seekBy", seconds: -(seekOffset ?? SEEK_SECONDS) })],
      ["seekforward", ({ seekOffset }) => run({ kind: "seekBy", seconds: seekOffset ?? SEEK_SECONDS })],
      ["seekto", ({ seekTime }) => void (seekTime != null && seekTo(seekTime))],
      ["nexttrack", playNext ?? null],
    ];
    for (const [action, handler] of handlers) handle(action, handler);
    return () => {
      for (const [action] of handlers) handle(action, null);
    };
  }, [video, run, seekTo, playNext]);

  useEffect(() => {
    if (!("mediaSession" in navigator) || video === null) return;
    const ended = new AbortController();
    const tell = (): void => tellPosition(video);
    for (const event of POSITION_EVENTS) video.addEventListener(event, tell, { signal: ended.signal });
    return () => ended.abort();
  }, [video]);
}

/** Browsers move the position on themselves while nothing changes. */
const POSITION_EVENTS = ["durationchange", "seeked", "ratechange", "play", "pause", "playing"];

function tellPosition({ duration, currentTime, playbackRate, paused }: HTMLVideoElement): void {
  const session = navigator.mediaSession;
  session.playbackState = paused ? "paused" : "playing";
  if (!Number.isFinite(duration) || duration <= 0) return;
  session.setPositionState({ duration, playbackRate, position: Math.min(currentTime, duration) });
}

/** Browsers refuse actions that they do not know. */
function handle(action: MediaSessionAction, handler: MediaSessionActionHandler | null): void {
  try {
    navigator.mediaSession.setActionHandler(action, handler);
  } catch {
    // There is no such key here.
  }
}
