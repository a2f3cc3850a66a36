import { useMediaSelector } from "media-chrome/react/media-store";
import { useEffect, useState } from "react";
import { prepare } from "../api/watching.ts";
import { useTexts } from "../i18n/language.tsx";
import { isNearEnd, type NextFile } from "./next-file.ts";
import styles from "./overlays.module.css";
import { usePlayer } from "./player-context.ts";
import { watchTexts } from "./texts.ts";

const COUNTDOWN_SECONDS = 10;

/** At the end of a film that has a next one: counts down to it, unless that is not wanted. */
export function NextUp({ next, onPlay }: { readonly next: NextFile; readonly onPlay: () => void }) {
  usePreparedNext(next);
  const isEnded = useMediaSelector(({ mediaEnded }) => mediaEnded) ?? false;
  const [isCancelled, setIsCancelled] = useState(false);
  // Who goes back and comes to the end again is asked again.
  if (!isEnded && isCancelled) setIsCancelled(false);
  if (!isEnded || isCancelled) return null;
  return <Countdown next={next} onPlay={onPlay} onCancel={() => setIsCancelled(true)} />;
}

interface CountdownProps {
  readonly next: NextFile;
  readonly onPlay: () => void;
  readonly onCancel: () => void;
}

function Countdown({ next, onPlay, onCancel }: CountdownProps) {
  const texts = useTexts(watchTexts);
  const [leftSeconds, setLeftSeconds] = useState(COUNTDOWN_SECONDS);
  useEffect(() => {
    const timer = setTimeout(() => (leftSeconds > 1 ? setLeftSeconds(leftSeconds - 1) : onPlay()), 1_000);
    return () => clearTimeout(timer);
  }, [leftSeconds, onPlay]);
  return (
    <section className={styles["next"]} aria-label={texts.next} data-testid="next-up">
      <p className={styles["countdown"]}>{texts.nextUp(leftSeconds)}</p>
      <p className={styles["nextName"]} dir="auto">
        {next.name}
      </p>
      <div className={styles["buttons"]}>
        <button type="button" className={styles["main"]} data-testid="play-next" onClick={onPlay}>
          {texts.playNow}
        </button>
        <button type="button" data-testid="cancel-next" onClick={onCancel}>
          {texts.cancel}
        </button>
      </div>
    </section>
  );
}

/** Has what opens the next file fetched once this one nears its end. */
function usePreparedNext({ index }: NextFile): void {
  const { infoHash, durationSeconds } = usePlayer();
  const isNear = useMediaSelector(({ mediaCurrentTime }) => isNearEnd(mediaCurrentTime ?? 0, durationSeconds));
  useEffect(() => {
    if (!isNear) return;
    const ended = new AbortController();
    prepare(infoHash, index, {}, ended.signal).catch(() => {});
    return () => ended.abort();
  }, [isNear, infoHash, index]);
}
