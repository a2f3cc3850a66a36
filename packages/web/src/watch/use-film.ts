import type { MediaInfo, Playback } from "@riptide/http";
import { useEffect, useMemo, useRef, useState } from "react";
import { type Beginning, Film } from "../playback/film.ts";

/** A film on its way to the screen, or on it. */
export interface FilmState {
  /** What is in the file; undefined until that is known. */
  readonly info: MediaInfo | undefined;
  /** How it plays; undefined until that is chosen. */
  readonly playback: Playback | undefined;
  /** Why it does not play, or no further; in a sentence. */
  readonly failure: string | undefined;
  /** The sound that was chosen; undefined for the one that plays by itself. */
  readonly audio: number | undefined;
  readonly chooseSound: (audio: number) => void;
  /** Tries once more, from where it came to. */
  readonly restart: () => void;
  readonly playByAddress: () => void;
}

type Known = Pick<FilmState, "info" | "playback" | "failure" | "audio">;
const NOTHING: Known = { info: undefined, playback: undefined, failure: undefined, audio: undefined };

/** Plays one file in a `<video>` for as long as the caller is shown, from where `begin` says. */
export function useFilm(
  file: { readonly infoHash: string; readonly index: number },
  video: HTMLVideoElement | null,
  begin: () => Promise<Beginning>,
): FilmState {
  const { infoHash, index } = file;
  const [known, setKnown] = useState(NOTHING);
  const film = useRef<Film>(undefined);
  const beginOnce = useRef(begin);
  const reachedSeconds = useRef(0);
  useEffect(() => {
    if (video === null) return;
    const learn = (news: Partial<Known>): void => setKnown((before) => ({ ...before, ...news }));
    const beginning = beginOnce.current();
    const listener = {
      onMedia: (info: MediaInfo) => learn({ info }),
      onChoice: (playback: Playback) => learn({ playback, failure: undefined }),
      onFailure: (failure: string) => learn({ failure }),
    };
    film.current = new Film({ infoHash, index }, video, listener, beginning);
    void beginning.then(({ audio, startSeconds }) => {
      reachedSeconds.current = startSeconds;
      learn({ audio });
    });
    const note = (): void => {
      // What failed stands at 0.
      if (video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA) reachedSeconds.current = video.currentTime;
    };
    video.addEventListener("timeupdate", note);
    return () => {
      video.removeEventListener("timeupdate", note);
      film.current?.stop();
      setKnown(NOTHING);
    };
  }, [infoHash, index, video]);
  return useMemo(
    () => ({
      ...known,
      chooseSound: (audio) => {
        setKnown((before) => ({ ...before, audio }));
        film.current?.chooseSound(audio);
      },
      restart: () => {
        setKnown((before) => ({ ...before, failure: undefined, playback: undefined }));
        film.current?.restart(reachedSeconds.current);
      },
      playByAddress: () => film.current?.playByAddress(),
    }),
    [known],
  );
}
