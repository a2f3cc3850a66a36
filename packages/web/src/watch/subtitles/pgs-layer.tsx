import type { PgsRenderer } from "libpgs";
import { useEffect, useRef, useState } from "react";
import { usePlayer } from "../player-context.ts";
import styles from "./subtitles.module.css";
import { type ContentSource, useContent } from "./use-content.ts";

interface DrawnProps {
  readonly from: ContentSource;
  /** It cannot be drawn here. */
  readonly onFailure: () => void;
}

/** Subtitles that are pictures, as Blu-ray discs have them. */
export function PgsLayer({ from, onFailure }: DrawnProps) {
  const { video, subtitles } = usePlayer();
  const layer = useRef<HTMLDivElement>(null);
  const [renderer, setRenderer] = useState<PgsRenderer>();
  const pictures = useContent(from, video);

  useEffect(() => {
    if (layer.current === null) return;
    const ended = new AbortController();
    const canvas = document.createElement("canvas");
    canvas.className = styles["canvas"] ?? "";
    canvas.dataset["testid"] = "subtitle-picture";
    layer.current.append(canvas);
    startRenderer(video, canvas, ended.signal).then(setRenderer, () => ended.signal.aborted || onFailure());
    return () => {
      ended.abort();
      canvas.remove();
      setRenderer(undefined);
    };
  }, [video, onFailure]);

  useEffect(() => {
    if (renderer === undefined || pictures === undefined) return;
    let isOver = false;
    const show = async (): Promise<void> => {
      const buffer = await pictures.arrayBuffer();
      if (isOver) return;
      await renderer.loadFromBuffer(buffer);
      // What has the number of the picture before would be taken for it.
      renderer.renderAtTimestamp(BEFORE_ALL_SECONDS);
      renderer.renderAtTimestamp(video.currentTime + renderer.timeOffset);
    };
    show().catch(onFailure);
    return () => {
      isOver = true;
    };
  }, [renderer, pictures, video, onFailure]);

  useEffect(() => {
    if (renderer !== undefined) renderer.timeOffset = -subtitles.delaySeconds;
  }, [renderer, subtitles.delaySeconds]);
  return <div ref={layer} className={styles["pictures"]} />;
}

const BEFORE_ALL_SECONDS = -1;

async function startRenderer(
  video: HTMLVideoElement,
  canvas: HTMLCanvasElement,
  signal: AbortSignal,
): Promise<PgsRenderer> {
  const [{ PgsRenderer: Renderer }, { default: workerUrl }] = await Promise.all([
    import("libpgs"),
    import("libpgs/dist/libpgs.worker.js?url"),
  ]);
  signal.throwIfAborted();
  const renderer = new Renderer({ video, canvas, workerUrl });
  signal.addEventListener("abort", () => renderer.dispose());
  return renderer;
}
