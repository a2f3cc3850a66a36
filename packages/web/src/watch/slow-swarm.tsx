import { useMediaSelector } from "media-chrome/react/media-store";
import { useCallback, useEffect, useState } from "react";
import { prepare } from "../api/watching.ts";
import { formatTime } from "../format.ts";
import { useFormat, useTexts } from "../i18n/language.tsx";
import { isTooSlow, type Pace, secondsToBuffer } from "./buffer-ahead.ts";
import styles from "./overlays.module.css";
import { usePlayer } from "./player-context.ts";
import { endOfAvailable } from "./seek-ranges.ts";
import { watchTexts } from "./texts.ts";
import { useFilmMap } from "./use-film-map.ts";
import { useWait } from "./use-wait.ts";

/** Where the swarm is too slow for the film: says so, and offers to wait for as much of it as then plays to its end. */
export function SlowSwarm() {
  const { video, durationSeconds } = usePlayer();
  const pace = usePace(useWait(video).latelyMs);
  const [target, setTarget] = useState<BufferTarget>();
  const end = useCallback(() => setTarget(undefined), []);
  // Before that, the swarm has hardly begun to give.
  const hasPicture = useMediaSelector(({ mediaHasPlayed }) => mediaHasPlayed) ?? false;
  if (target !== undefined) return <BufferingAhead target={target} onEnd={end} />;
  if (!hasPicture || !isTooSlow(pace) || durationSeconds === undefined) return null;
  const fromSeconds = video.currentTime;
  const seconds = secondsToBuffer(pace, durationSeconds - fromSeconds);
  return <Offer pace={pace} seconds={seconds} onTake={() => setTarget({ fromSeconds, seconds })} />;
}

interface BufferTarget {
  readonly fromSeconds: number;
  readonly seconds: number;
}

function usePace(waitedMs: number): Pace {
  const { torrent, file, durationSeconds } = usePlayer();
  const speed = useMediaSelector(({ mediaPlaybackRate }) => mediaPlaybackRate) ?? 1;
  return {
    neededBytesPerSecond: file && durationSeconds ? (file.length / durationSeconds) * speed : undefined,
    swarmBytesPerSecond: torrent?.downloadBytesPerSecond ?? 0,
    waitedMs,
    isWhole: file !== undefined && file.verifiedBytes >= file.length,
  };
}

interface OfferProps {
  readonly pace: Pace;
  readonly seconds: number;
  readonly onTake: () => void;
}

function Offer({ pace, seconds, onTake }: OfferProps) {
  const texts = useTexts(watchTexts);
  const format = useFormat();
  const given = format.bitRate(pace.swarmBytesPerSecond);
  const needed = format.bitRate(pace.neededBytesPerSecond ?? 0);
  return (
    <div className={styles["notice"]} role="status" data-testid="too-slow">
      <p>{texts.tooSlow(given, needed)}</p>
      <button type="button" data-testid="buffer-ahead" onClick={onTake}>
        {texts.bufferAhead(formatTime(seconds))}
      </button>
    </div>
  );
}

/** Has the film wait until so much of it is there. */
function BufferingAhead({ target, onEnd }: { readonly target: BufferTarget; readonly onEnd: () => void }) {
  const texts = useTexts(watchTexts);
  const { infoHash, index, video } = usePlayer();
  const { fromSeconds, seconds } = target;
  const haveSeconds = endOfAvailable(useFilmMap().available, fromSeconds) - fromSeconds;
  const isEnough = haveSeconds >= seconds - ROUNDED_SECONDS;
  useEffect(() => {
    video.pause();
    const ended = new AbortController();
    prepare(infoHash, index, { fromSeconds, seconds }, ended.signal).catch(() => {});
    // Whoever plays on has waited long enough.
    video.addEventListener("play", onEnd, { signal: ended.signal });
    return () => ended.abort();
  }, [infoHash, index, video, fromSeconds, seconds, onEnd]);
  useEffect(() => {
    if (isEnough) void video.play().catch(() => {});
  }, [isEnough, video]);
  const share = Math.min(1, haveSeconds / seconds);
  return (
    <div className={styles["notice"]} role="status" data-testid="buffering-ahead">
      <p>{texts.buffering(formatTime(haveSeconds), formatTime(seconds))}</p>
      <progress value={share} max={1} aria-label={texts.facts.buffer} />
      <button type="button" onClick={() => void video.play().catch(() => {})}>
        {texts.goOn}
      </button>
    </div>
  );
}

/** Films are there in whole groups of pictures. */
const ROUNDED_SECONDS = 1;
