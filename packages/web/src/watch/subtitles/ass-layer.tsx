import type JASSUB from "jassub";
import { useEffect, useRef, useState } from "react";
import { authorized } from "../../api/client.ts";
import { usePlayer } from "../player-context.ts";
import styles from "./subtitles.module.css";
import { type ContentSource, useContent } from "./use-content.ts";

interface DrawnProps {
  readonly from: ContentSource;
  /** It cannot be drawn here. */
  readonly onFailure: () => void;
}

/** A script of ASS, drawn by libass with the fonts that the film carries. */
export function AssLayer({ from, onFailure }: DrawnProps) {
  const { video, subtitles, film, infoHash, index } = usePlayer();
  const layer = useRef<HTMLDivElement>(null);
  const [renderer, setRenderer] = useState<JASSUB>();
  const script = useContent(from, video);
  const [isKnown, setIsKnown] = useState(false);
  if (script !== undefined && !isKnown) setIsKnown(true);
  const fonts = film.info?.attachments?.filter(({ mediaType }) => mediaType.startsWith("font/"));
  const fontUrls = (fonts ?? []).map((font) => authorized(`/stream/${infoHash}/${index}/attachments/${font.index}`));
  const fontList = fontUrls.join(" ");

  useEffect(() => {
    if (!isKnown || layer.current === null) return;
    const ended = new AbortController();
    const start = async (canvas: HTMLCanvasElement): Promise<void> => {
      const urls = fontList.split(" ").filter(Boolean);
      const started = await startRenderer(video, canvas, urls, ended.signal);
      if (!ended.signal.aborted) setRenderer(started);
    };
    const canvas = document.createElement("canvas");
    canvas.dataset["testid"] = "subtitle-picture";
    layer.current.append(canvas);
    start(canvas).catch(() => ended.signal.aborted || onFailure());
    return () => {
      ended.abort();
      canvas.remove();
      setRenderer(undefined);
    };
  }, [isKnown, video, fontList, onFailure]);

  useEffect(() => {
    if (renderer === undefined || script === undefined) return;
    let isOver = false;
    const show = async (): Promise<void> => {
      const text = await script.text();
      if (isOver) return;
      await renderer.renderer.setTrack(text);
      drawNow(renderer, video);
    };
    show().catch(onFailure);
    return () => {
      isOver = true;
    };
  }, [renderer, script, video, onFailure]);

  useEffect(() => {
    if (renderer === undefined) return;
    renderer.timeOffset = -subtitles.delaySeconds;
    drawNow(renderer, video);
  }, [renderer, subtitles.delaySeconds, video]);
  return <div ref={layer} className={styles["pictures"]} />;
}

/** Draws nothing at first. Everything of it ends with the signal. Rejects where WebAssembly or workers are missing. */
async function startRenderer(
  video: HTMLVideoElement,
  canvas: HTMLCanvasElement,
  fontUrls: readonly string[],
  signal: AbortSignal,
): Promise<JASSUB> {
  const [{ default: Renderer }, { default: fallbackUrl }] = await Promise.all([
    import("jassub"),
    import("jassub/dist/default.woff2?url"),
  ]);
  signal.throwIfAborted();
  if (!("requestVideoFrameCallback" in video)) throw new Error("This browser does not tell which picture it shows.");
  canvas.className = styles["canvas"] ?? "";
  // Fonts that are asked for by name are loaded when they are first used, and nothing is drawn anew then: all are given at once.
  const wholeUrls = [fallbackUrl, ...fontUrls].map((url) => new URL(url, location.href).href);
  const renderer = new Renderer({ video, canvas, subContent: EMPTY_SCRIPT, fonts: wholeUrls, queryFonts: false });
  signal.addEventListener("abort", () => void renderer.destroy().catch(() => {}));
  await renderer.ready;
  signal.throwIfAborted();
  return renderer;
}

const EMPTY_SCRIPT = "[Script Info]\nScriptType: v4.00+\n\n[Events]\n";

/** A film that stands still shows no new picture with which to draw. */
function drawNow(renderer: JASSUB, video: HTMLVideoElement): void {
  if (video.videoWidth === 0) return;
  const { videoWidth: width, videoHeight: height, currentTime: mediaTime } = video;
  renderer.manualRender({ mediaTime, width, height, expectedDisplayTime: performance.now() }, true).catch(() => {}); // It is drawn with the next picture.
}
