import { useMediaSelector } from "media-chrome/react/media-store";
import { type PointerEvent, useRef, useState } from "react";
import { formatTime } from "../../format.ts";
import { useTexts } from "../../i18n/language.tsx";
import type { TimeRange } from "../../playback/feed-plan.ts";
import { chapterAt, type FilmChapter } from "../chapters.ts";
import { usePlayer } from "../player-context.ts";
import { rangesOnBar } from "../seek-ranges.ts";
import { watchTexts } from "../texts.ts";
import { useFilmMap } from "../use-film-map.ts";
import styles from "./seek-bar.module.css";
import { SeekPreview } from "./seek-preview.tsx";

/** As the arrows seek everywhere else. */
const STEP_SECONDS = 5;

/** Where the film is, what of it is there and on its way; and a way to elsewhere. */
export function SeekBar({ chapters }: { readonly chapters: readonly FilmChapter[] }) {
  const texts = useTexts(watchTexts);
  const { durationSeconds = 0, seekTo } = usePlayer();
  const currentSeconds = useMediaSelector(({ mediaCurrentTime }) => mediaCurrentTime) ?? 0;
  const [draggedSeconds, setDraggedSeconds] = useState<number>();
  const [hoveredSeconds, setHoveredSeconds] = useState<number>();
  const isDragged = useRef(false);
  const shownSeconds = Math.min(draggedSeconds ?? currentSeconds, durationSeconds);
  const release = (): void => {
    isDragged.current = false;
    if (draggedSeconds !== undefined) seekTo(draggedSeconds);
    setDraggedSeconds(undefined);
  };
  const move = ({ clientX, currentTarget }: PointerEvent<HTMLElement>): void => {
    const { left, width } = currentTarget.getBoundingClientRect();
    const share = Math.min(1, Math.max(0, (clientX - left) / width));
    setHoveredSeconds(share * durationSeconds);
  };
  const change = (seconds: number): void => {
    if (isDragged.current) setDraggedSeconds(seconds);
    else seekTo(seconds);
  };
  const chapter = chapterAt(chapters, shownSeconds)?.title;
  const share = durationSeconds > 0 ? shownSeconds / durationSeconds : 0;
  return (
    <div className={styles["bar"]} style={{ "--share": share }}>
      <Ranges chapters={chapters} />
      <input
        type="range"
        className={styles["input"]}
        data-testid="seek-bar"
        min={0}
        max={durationSeconds}
        step="any"
        value={shownSeconds}
        disabled={durationSeconds === 0}
        aria-label={texts.seek}
        aria-valuetext={texts.timeOf(formatTime(shownSeconds), formatTime(durationSeconds), chapter)}
        onPointerDown={() => {
          isDragged.current = true;
        }}
        onPointerUp={release}
        onPointerCancel={release}
        onPointerMove={move}
        onPointerLeave={() => setHoveredSeconds(undefined)}
        onKeyDown={(event) => {
          const seconds = steppedBy(event.key, shownSeconds, durationSeconds);
          if (seconds === undefined) return;
          event.preventDefault();
          seekTo(seconds);
        }}
        onChange={({ currentTarget }) => change(currentTarget.valueAsNumber)}
      />
      {hoveredSeconds !== undefined && durationSeconds > 0 && (
        <SeekPreview seconds={draggedSeconds ?? hoveredSeconds} chapter={chapterAt(chapters, hoveredSeconds)?.title} />
      )}
    </div>
  );
}

/** A browser steps through a film of hours by hundredths of it, or by next to nothing. */
function steppedBy(key: string, seconds: number, endSeconds: number): number | undefined {
  if (key === "ArrowLeft" || key === "ArrowDown") return Math.max(0, seconds - STEP_SECONDS);
  if (key === "ArrowRight" || key === "ArrowUp") return Math.min(endSeconds, seconds + STEP_SECONDS);
  if (key === "PageDown") return Math.max(0, seconds - endSeconds / 10);
  if (key === "PageUp") return Math.min(endSeconds, seconds + endSeconds / 10);
  if (key === "Home") return 0;
  return key === "End" ? endSeconds : undefined;
}

/** From the quietest to the loudest. */
function Ranges({ chapters }: { readonly chapters: readonly FilmChapter[] }) {
  const { durationSeconds = 0 } = usePlayer();
  const map = useFilmMap();
  const buffered = useMediaSelector(({ mediaBuffered }) => mediaBuffered) ?? [];
  const held = buffered.map(([startSeconds, endSeconds]) => ({ startSeconds, endSeconds }));
  return (
    <div className={styles["track"]}>
      <Layer kind="available" ranges={map.available} />
      <Layer kind="wanted" ranges={map.wanted} />
      <Layer kind="reading" ranges={map.reading} />
      <Layer kind="buffered" ranges={held} />
      <div className={styles["played"]} />
      {chapters.map(({ startSeconds }) =>
        startSeconds > 0 && startSeconds < durationSeconds ? (
          <div
            key={startSeconds}
            className={styles["mark"]}
            data-testid="chapter-mark"
            style={{ left: `${(startSeconds / durationSeconds) * 100}%` }}
          />
        ) : null,
      )}
    </div>
  );
}

interface LayerProps {
  readonly kind: "available" | "wanted" | "reading" | "buffered";
  readonly ranges: readonly TimeRange[];
}

function Layer({ kind, ranges }: LayerProps) {
  const { durationSeconds = 0 } = usePlayer();
  return rangesOnBar(ranges, durationSeconds).map(({ fromShare, widthShare }) => (
    <div
      key={`${kind} ${fromShare}`}
      className={styles[kind]}
      data-testid={`range-${kind}`}
      style={{ left: `${fromShare * 100}%`, width: `${widthShare * 100}%` }}
    />
  ));
}
