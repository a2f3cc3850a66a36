import { useEffect, useState } from "react";
import { thumbnailUrl } from "../../api/watching.ts";
import { formatTime } from "../../format.ts";
import { usePlayer } from "../player-context.ts";
import styles from "./seek-bar.module.css";

/** Pictures are asked for when the pointer rests for so long, and this many along the whole bar at most. */
const REST_MS = 80;
const PLACES = 200;

/** The time under the pointer, its chapter, and its picture if that is there already: nothing is downloaded for it. */
export function SeekPreview({ seconds, chapter }: { readonly seconds: number; readonly chapter: string | undefined }) {
  const { infoHash, index, durationSeconds = 0 } = usePlayer();
  const stepSeconds = Math.max(1, durationSeconds / PLACES);
  const rested = useRested(Math.round(Math.floor(seconds / stepSeconds) * stepSeconds));
  const url = rested === undefined ? undefined : thumbnailUrl(infoHash, index, rested, 320);
  const [shownUrl, setShownUrl] = useState<string>();
  return (
    <div
      className={styles["preview"]}
      style={{ "--at": durationSeconds > 0 ? seconds / durationSeconds : 0 }}
      data-testid="seek-preview"
    >
      {url !== undefined && (
        <img
          key={url}
          src={url}
          alt=""
          data-testid="thumbnail"
          className={styles["thumbnail"]}
          hidden={shownUrl !== url}
          onLoad={() => setShownUrl(url)}
        />
      )}
      {chapter !== undefined && (
        <span className={styles["previewChapter"]} dir="auto">
          {chapter}
        </span>
      )}
      <span className={styles["previewTime"]}>{formatTime(seconds)}</span>
    </div>
  );
}

/** A value once it has not changed for a moment. */
function useRested(value: number): number | undefined {
  const [rested, setRested] = useState<number>();
  useEffect(() => {
    const timer = setTimeout(() => setRested(value), REST_MS);
    return () => clearTimeout(timer);
  }, [value]);
  return rested;
}
