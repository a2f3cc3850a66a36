import { useEffect, useState } from "react";
import { usePlayer } from "../player-context.ts";
import { type Line, linesAt, type TextRun } from "./lines.ts";
import { readVtt } from "./read-vtt.ts";
import styles from "./subtitles.module.css";
import { type ContentSource, useContent } from "./use-content.ts";

/** Lines of text over the picture: drawn by the page, since a browser would draw them behind the controls. */
export function TextLayer({ from }: { readonly from: ContentSource }) {
  const { video, subtitles } = usePlayer();
  const shown = useShownLines(useLines(from, video), video, subtitles.delaySeconds);
  const { sizePercent, raisedPercent } = subtitles.look;
  const ratio = video.videoWidth > 0 ? video.videoWidth / video.videoHeight : USUAL_RATIO;
  const look = { "--size": sizePercent / 100, "--raised": raisedPercent / 100, "--ratio": ratio };
  return (
    <div className={styles["lines"]} style={look} data-testid="subtitles" lang={subtitles.shown?.language}>
      {[true, false].map((isTop) => (
        <div key={String(isTop)} className={isTop ? styles["top"] : styles["bottom"]}>
          {shown
            .filter((line) => line.isTop === isTop)
            .map((line) => (
              <p
                key={`${line.startSeconds} ${line.endSeconds} ${line.runs[0]?.text}`}
                className={styles["line"]}
                dir="auto"
              >
                <span>{line.runs.map(styledRun)}</span>
              </p>
            ))}
        </div>
      ))}
    </div>
  );
}

const USUAL_RATIO = 16 / 9;

function styledRun({ text, isItalic, isBold, isUnderlined }: TextRun, position: number) {
  const style = {
    fontStyle: isItalic ? "italic" : undefined,
    fontWeight: isBold ? "bold" : undefined,
    textDecoration: isUnderlined ? "underline" : undefined,
  };
  return (
    // oxlint-disable-next-line react/no-array-index-key -- Runs have no other name.
    <span key={position} style={style}>
      {text}
    </span>
  );
}

function useLines(from: ContentSource, video: HTMLVideoElement): readonly Line[] {
  const content = useContent(from, video);
  const [lines, setLines] = useState<readonly Line[]>([]);
  useEffect(() => {
    if (content === undefined) return;
    const ended = new AbortController();
    const read = async (): Promise<void> => setLines(await readVtt(await content.text(), ended.signal));
    read().catch(() => {}); // What cannot be read is not shown.
    return () => ended.abort();
  }, [content]);
  return lines;
}

/** Sooner than anybody notices. */
const LOOK_MS = 50;

function useShownLines(lines: readonly Line[], video: HTMLVideoElement, delaySeconds: number): readonly Line[] {
  const [shown, setShown] = useState<readonly Line[]>([]);
  useEffect(() => {
    const look = (): void => {
      const now = linesAt(lines, video.currentTime - delaySeconds);
      setShown((before) => (isSame(before, now) ? before : now));
    };
    look();
    const timer = setInterval(look, LOOK_MS);
    return () => clearInterval(timer);
  }, [lines, video, delaySeconds]);
  return shown;
}

function isSame(one: readonly Line[], other: readonly Line[]): boolean {
  return one.length === other.length && one.every((line, position) => line === other[position]);
}
