import { useEffect, useRef, useState } from "react";
import { listViewings, prepare, recordViewing } from "../api/watching.ts";
import type { Beginning } from "../playback/film.ts";
import { ViewingSaver, type Watched } from "./viewing-saver.ts";

/** What is known of the last time that a film was watched. */
export interface Recalled extends Beginning {
  readonly subtitle: string | undefined;
}

const NEVER_WATCHED: Recalled = { startSeconds: 0, audio: undefined, subtitle: undefined };
/** Who comes back wants to see how it came to this. */
const LEAD_SECONDS = 2;
/** A film that was hardly begun begins anew. */
const BEGUN_SECONDS = 5;

interface FileOfTorrent {
  readonly infoHash: string;
  readonly index: number;
}

/** What is remembered of a file; the place to go on at is asked for at once. Never rejects: without it, a film plays from its start. */
export async function recall({ infoHash, index }: FileOfTorrent): Promise<Recalled> {
  const { signal } = new AbortController();
  const viewings = await listViewings(signal).catch(() => []);
  const viewing = viewings.find((each) => each.infoHash === infoHash && each.index === index);
  if (viewing === undefined) return NEVER_WATCHED;
  const { positionSeconds, isFinished, audio, subtitle } = viewing;
  const isOver = isFinished || positionSeconds < BEGUN_SECONDS;
  const startSeconds = isOver ? 0 : Math.max(0, positionSeconds - LEAD_SECONDS);
  if (startSeconds > 0) prepare(infoHash, index, { fromSeconds: startSeconds }, signal).catch(() => {});
  return { startSeconds, audio, subtitle };
}

/** What is remembered of the file; undefined until it is known. */
export function useRecalled(promise: Promise<Recalled>): Recalled | undefined {
  const [recalled, setRecalled] = useState<Recalled>();
  useEffect(() => {
    let isOver = false;
    void promise.then((known) => isOver || setRecalled(known));
    return () => {
      isOver = true;
    };
  }, [promise]);
  return recalled;
}

type Choices = Pick<Watched, "audio" | "subtitle">;

/** Has the server remember how far a film has come: so it goes on elsewhere, and tomorrow. */
export function useSavedViewing(
  { infoHash, index }: FileOfTorrent,
  video: HTMLVideoElement | null,
  choices: Choices,
): void {
  const latest = useRef(choices);
  useEffect(() => {
    latest.current = choices;
  });
  useEffect(() => {
    if (video === null) return;
    const ended = new AbortController();
    const saver = new ViewingSaver(({ positionSeconds, durationSeconds, audio, subtitle }) => {
      const viewing = { positionSeconds, durationSeconds, audio, subtitle };
      // Sent to its end even while the page is being left. What cannot be saved now is saved later.
      recordViewing(infoHash, index, viewing, { keepalive: true }).catch(() => {});
    });
    const tell = (): void => {
      // While a film is opened, or opened anew, it stands at 0.
      if (video.readyState < HTMLMediaElement.HAVE_CURRENT_DATA) return;
      const durationSeconds = Number.isFinite(video.duration) ? video.duration : undefined;
      saver.tell({ positionSeconds: video.currentTime, durationSeconds, ...latest.current }, performance.now());
    };
    const flush = (): void => {
      tell();
      saver.flush(performance.now());
    };
    const { signal } = ended;
    video.addEventListener("timeupdate", tell, { signal });
    for (const event of ["pause", "ended"]) video.addEventListener(event, flush, { signal });
    // Who looks for a place while it plays finds it later.
    video.addEventListener("seeked", () => video.paused && flush(), { signal });
    addEventListener("pagehide", flush, { signal });
    // Phones end pages that nobody sees, and say no more of it.
    document.addEventListener("visibilitychange", () => document.hidden && flush(), { signal });
    return () => {
      ended.abort();
      saver.flush(performance.now());
    };
  }, [infoHash, index, video]);
}
