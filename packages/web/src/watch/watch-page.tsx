import { useEffect, useRef } from "react";
import { Film } from "../playback/film.ts";

/** Plays one file of one torrent. */
export function WatchPage({ infoHash, index }: { readonly infoHash: string; readonly index: number }) {
  const video = useRef<HTMLVideoElement>(null);
  useEffect(() => {
    if (video.current === null) return;
    const film = new Film({ infoHash, index }, video.current, { onMedia() {}, onChoice() {}, onFailure() {} });
    return () => film.stop();
  }, [infoHash, index]);
  // oxlint-disable-next-line jsx-a11y/media-has-caption -- They are listed when the film is known.
  return <video ref={video} data-testid="player" playsInline controls />;
}
