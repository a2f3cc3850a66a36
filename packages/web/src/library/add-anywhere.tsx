import { useEffect, useEffectEvent, useState } from "react";
import { useTexts } from "../i18n/language.tsx";
import styles from "./add-anywhere.module.css";
import { sourcesIn, useAddSources } from "./add-sources.ts";
import { libraryTexts } from "./texts.ts";

/** Takes torrents that are dropped or pasted anywhere on the page; where text is being written, a paste is text. */
export function AddAnywhere() {
  const texts = useTexts(libraryTexts);
  const { add } = useAddSources();
  const [isDragging, setIsDragging] = useState(false);
  const take = useEffectEvent((data: DataTransfer | null): void => {
    const sources = data === null ? [] : sourcesIn(data);
    if (sources.length > 0) void add(sources);
  });
  useEffect(() => {
    const ended = new AbortController();
    const { signal } = ended;
    const over = (event: DragEvent): void => {
      event.preventDefault();
      setIsDragging(true);
    };
    const leave = (event: DragEvent): void => {
      if (event.relatedTarget === null) setIsDragging(false);
    };
    const drop = (event: DragEvent): void => {
      event.preventDefault();
      setIsDragging(false);
      take(event.dataTransfer);
    };
    const paste = (event: ClipboardEvent): void => {
      if (!isEditable(event.target)) take(event.clipboardData);
    };
    addEventListener("dragover", over, { signal });
    addEventListener("dragleave", leave, { signal });
    addEventListener("drop", drop, { signal });
    addEventListener("paste", paste, { signal });
    return () => ended.abort();
  }, []);
  return isDragging && <div className={styles["drop"]}>{texts.dropHere}</div>;
}

function isEditable(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest("input, textarea, select, [contenteditable]") !== null;
}
