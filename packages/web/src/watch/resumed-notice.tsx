import { useMediaSelector } from "media-chrome/react/media-store";
import { useEffect, useState } from "react";
import { formatTime } from "../format.ts";
import { useTexts } from "../i18n/language.tsx";
import styles from "./overlays.module.css";
import { usePlayer } from "./player-context.ts";
import { watchTexts } from "./texts.ts";
import type { Recalled } from "./use-viewing.ts";

const SHOWN_MS = 8_000;

/** Says that a film goes on where somebody stopped, and offers to begin anew. */
export function ResumedNotice({ recalled }: { readonly recalled: Recalled | undefined }) {
  const texts = useTexts(watchTexts);
  const { seekTo } = usePlayer();
  const [isOver, setIsOver] = useState(false);
  const hasPicture = useMediaSelector(({ mediaHasPlayed }) => mediaHasPlayed) ?? false;
  useEffect(() => {
    if (!hasPicture) return;
    const timer = setTimeout(() => setIsOver(true), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [hasPicture]);
  if (recalled === undefined || recalled.startSeconds === 0 || !hasPicture || isOver) return null;
  const beginAnew = (): void => {
    seekTo(0);
    setIsOver(true);
  };
  return (
    <div className={styles["notice"]} role="status" data-testid="resumed">
      <p>{texts.resumed(formatTime(recalled.startSeconds))}</p>
      <button type="button" data-testid="from-start" onClick={beginAnew}>
        {texts.fromTheStart}
      </button>
    </div>
  );
}
